#!/usr/bin/env bash
# Each system with its own recipe (gin_configs/<system>.gin), ten passes instead of
# the recipe's hundreds (SmartLab, whose batches are of 2, two passes: more steps
# than the others): shows that all of them train. Prints the table of
# docs/results.md; run again, it goes on where it stopped.
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

python benchmarks/runs_table.py "$runs_dir"
