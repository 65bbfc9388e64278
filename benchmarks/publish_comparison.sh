#!/usr/bin/env bash
# Publishes the networks that benchmarks/comparison.sh trained in pretrained/.
#
#   bash benchmarks/publish_comparison.sh DATA_DIR RUNS_DIR [SYSTEM ...]
#
# FP16 has half the size of FP32 and the same errors; SmartLab's file has the 8-bit
# weights that its size in Table 1 suggests.
set -euo pipefail
data_dir="$1" runs_dir="$2"
shift 2
systems=("$@")
if [ $# -eq 0 ]; then
  systems=(tcl aiia_hit miaigo tencent_gylab tencent_gylab_2021 smartlab
    jmu_cvlab icl)
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for system in "${systems[@]}"; do
  precision=fp16
  if [ "$system" = smartlab ]; then precision=dynamic; fi
  python -m depth_mai.publish --workdir="$runs_dir/$system" \
    --tflite="$runs_dir/tflite/${system}_$precision.tflite" \
    --data_dir="$data_dir" --command='bash benchmarks/comparison.sh DATA/indoor RUNS 2' \
    --trained_on='NYU Depth v2, labelled subset (Silberman et al., ECCV 2012), our split of 677 training and 192 validation pairs' \
    --licence='research use only, cite the authors; it holds for these weights'
done
