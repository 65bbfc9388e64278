#!/usr/bin/env bash
# The fair comparison of docs/results_log.md: trains all eight networks from random
# weights with the same recipe, the same number of images and the same seed, and
# converts them for depth_mai.leaderboard. The same command resumes an interrupted
# run.
#
#   bash benchmarks/comparison.sh DATA_DIR RUNS_DIR JOBS [SYSTEM ...]
#
# JOBS trainings run at the same time, each on its own core: two at a time finish
# sooner than one after the other on both cores. RUNS_DIR/SYSTEM.log shows the
# progress of each. Together they take about two hours of one core.
#
# With INITIAL_DIR=DIR in the environment, each network starts from
# DIR/SYSTEM/best.keras instead of random weights, see photographs.sh.
set -euo pipefail
data_dir="$1" runs_dir="$2" jobs="$3"
shift 3
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source benchmarks/systems.sh "$@"
mkdir -p "$runs_dir"
export data_dir runs_dir TF_CPP_MIN_LOG_LEVEL=2

train_and_convert() { # SYSTEM
  local precisions=fp32,fp16,int8 initial=()
  if [ -n "${INITIAL_DIR:-}" ]; then
    initial=("--gin_param=train.initial_network = '$INITIAL_DIR/$1/best.keras'")
  fi
  # The 7.1 MB of Table 1 fit a file with 8-bit weights. ICL's is published so, too.
  case "$1" in smartlab | icl) precisions+=,dynamic ;; esac
  taskset -c "$slot" python -m depth_mai.train \
    --gin_file=gin_configs/base/small_data.gin \
    --gin_param="train.network = @$1" --gin_param='train.epochs = 80' \
    --gin_param='train.ema_decay = 0.998' --gin_param='train.evaluations = 4' \
    "${initial[@]}" --data_dir="$data_dir" --workdir="$runs_dir/$1"
  taskset -c "$slot" python -m depth_mai.convert --workdir="$runs_dir/$1" \
    --gin_file="gin_configs/$1.gin" \
    --data_dir="$data_dir" --precision="$precisions" \
    --output_dir="$runs_dir/tflite"
}
export -f train_and_convert

# The slowest first, so that no core idles at the end.
printf '%s\n' "${systems[@]}" | tac | xargs -I{} --max-procs="$jobs" \
  --process-slot-var=slot bash -c \
  'echo "{} on core $slot"; train_and_convert {} >"$runs_dir/{}.log" 2>&1'
