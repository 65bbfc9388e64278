#!/usr/bin/env bash
# Compares the errors of TCL after trainings in both precisions for a CPU, with five
# seeds each, and prints the table of docs/results_log.md. The same command resumes an
# interrupted run.
#
#   bash benchmarks/precision.sh DATA_DIR RUNS_DIR
#
# DATA_DIR needs the splits train and validation. Each training takes about three
# minutes on one core. 'bfloat16_convolutions' needs a processor that has AVX512_BF16.
set -euo pipefail
data_dir="$1" runs_dir="$2"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir"

for seed in 1 2 3 4 5; do
  for precision in float32 bfloat16_convolutions; do
    name="${precision}_$seed"
    echo "== $name"
    python -m depth_mai.train --gin_file=gin_configs/tcl.gin \
      --gin_param="train.precision = '$precision'" \
      --gin_param="train.seed = $seed" --gin_param='train.epochs = 60' \
      --data_dir="$data_dir" --workdir="$runs_dir/$name" 2>"$runs_dir/$name.err"
  done
done
python benchmarks/tables.py seeds "$runs_dir"
