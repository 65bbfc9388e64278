#!/usr/bin/env bash
# The fair comparison of docs/results_log.md: all eight networks from random weights
# with one recipe, on as many images, with one seed; then their files, for
# depth_mai.leaderboard. The same command resumes what was interrupted.
#
#   bash benchmarks/comparison.sh DATA_DIR RUNS_DIR JOBS [SYSTEM ...]
#
# JOBS trainings run at the same time, each on its own core: two of them finish
# sooner than one after the other on both cores. RUNS_DIR/SYSTEM.log has the
# progress of each. All take about two hours of one core.
set -euo pipefail
data_dir="$1" runs_dir="$2" jobs="$3"
shift 3
systems=("$@")
if [ $# -eq 0 ]; then # The longest first.
  systems=(smartlab icl jmu_cvlab tencent_gylab_2021 tencent_gylab miaigo tcl
    aiia_hit)
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir"
export data_dir runs_dir TF_CPP_MIN_LOG_LEVEL=2

train_and_convert() { # SYSTEM
  local precisions=fp32,fp16,int8
  # Its 7.1 MB in Table 1 are those of 8-bit weights.
  if [ "$1" = smartlab ]; then precisions+=,dynamic; fi
  taskset -c "$slot" python -m depth_mai.train \
    --gin_file=gin_configs/base/small_data.gin \
    --gin_param="train.network = @$1" --gin_param='train.epochs = 80' \
    --gin_param='train.ema_decay = 0.998' --gin_param='train.evaluations = 4' \
    --data_dir="$data_dir" --workdir="$runs_dir/$1"
  taskset -c "$slot" python -m depth_mai.convert --workdir="$runs_dir/$1" \
    --gin_file="gin_configs/$1.gin" \
    --data_dir="$data_dir" --precision="$precisions" \
    --output_dir="$runs_dir/tflite"
}
export -f train_and_convert

printf '%s\n' "${systems[@]}" | xargs -I{} --max-procs="$jobs" \
  --process-slot-var=slot bash -c \
  'echo "{} on core $slot"; train_and_convert {} >"$runs_dir/{}.log" 2>&1'
