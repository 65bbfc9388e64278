#!/usr/bin/env bash
# Publishes in pretrained/ the networks that benchmarks/comparison.sh trained.
#
#   bash benchmarks/publish_comparison.sh DATA_DIR RUNS_DIR [SYSTEM ...]
#
# An FP16 file has half the size of FP32 and the same errors. SmartLab's file has
# 8-bit weights, as its size in Table 1 suggests.
set -euo pipefail
data_dir="$1" runs_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source benchmarks/systems.sh "$@"

for system in "${systems[@]}"; do
  precision=fp16
  if [ "$system" = smartlab ]; then precision=dynamic; fi
  python -m depth_mai.publish --workdir="$runs_dir/$system" \
    --tflite="$runs_dir/tflite/${system}_$precision.tflite" \
    --data_dir="$data_dir" --command='bash benchmarks/comparison.sh DATA/indoor RUNS 2' \
    --trained_on='NYU Depth v2, labelled subset (Silberman et al., ECCV 2012), our split of 677 training and 192 validation pairs' \
    --licence='research use only, cite the authors; it holds for these weights'
done
