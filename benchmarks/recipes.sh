#!/usr/bin/env bash
# Shows that every recipe trains: runs each gin_configs/<system>.gin for ten passes
# instead of hundreds (two for SmartLab, whose batches of 2 make more steps), and
# prints the table of docs/results_log.md. The same command resumes an interrupted
# run.
#
#   bash benchmarks/recipes.sh DATA_DIR RUNS_DIR [SYSTEM ...]
set -euo pipefail
data_dir="$1" runs_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir"
source benchmarks/systems.sh "$@"
[ $# -gt 0 ] || systems+=(tcl_96x128)

for system in "${systems[@]}"; do
  echo "== $system"
  passes=10
  if [ "$system" = smartlab ]; then passes=2; fi
  python -m depth_mai.train --gin_file="gin_configs/$system.gin" \
    --gin_param="train.epochs = $passes" --gin_param='train.evaluations = 1' \
    --data_dir="$data_dir" --workdir="$runs_dir/$system" \
    2>"$runs_dir/$system.err"
done

python benchmarks/tables.py runs "$runs_dir"
