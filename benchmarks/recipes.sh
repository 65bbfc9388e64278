#!/usr/bin/env bash
# Trains each system with its own recipe (gin_configs/<system>.gin), for ten passes
# instead of the recipe's hundreds (two for SmartLab, whose batches of 2 make more
# steps than the others), which shows that all of them train. Prints the table of
# docs/results_log.md. The same command resumes what was interrupted.
#
#   bash benchmarks/recipes.sh DATA_DIR RUNS_DIR
set -euo pipefail
data_dir="$1" runs_dir="$2"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir"

for system in aiia_hit tcl tcl_96x128 miaigo tencent_gylab tencent_gylab_2021 \
  jmu_cvlab icl smartlab; do
  echo "== $system"
  passes=10
  if [ "$system" = smartlab ]; then passes=2; fi
  python -m depth_mai.train --gin_file="gin_configs/$system.gin" \
    --gin_param="train.epochs = $passes" --gin_param='train.evaluations = 1' \
    --data_dir="$data_dir" --workdir="$runs_dir/$system" \
    2>"$runs_dir/$system.err"
done

python benchmarks/tables.py runs "$runs_dir"
