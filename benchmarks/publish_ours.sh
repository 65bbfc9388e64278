#!/usr/bin/env bash
# Publishes in pretrained/ the networks that benchmarks/ours.sh trained.
#
#   bash benchmarks/publish_ours.sh DATA_DIR RUNS_DIR [SYSTEM ...]
#
# The INT8 file is published: it has a third of FP32's size, and its si-RMSE differs by
# less than 1 % (docs/results_log.md).
set -euo pipefail
data_dir="$1" runs_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
systems=("$@")
[ $# -gt 0 ] || systems=(ours_s ours_m ours_l)

for system in "${systems[@]}"; do
  python -m depth_mai.publish --workdir="$runs_dir/pairs/$system" \
    --tflite="$runs_dir/tflite/${system}_int8.tflite" --data_dir="$data_dir" \
    --command='bash benchmarks/ours.sh DATA/indoor PHOTOS LITE2 LITE0 RUNS 2' \
    --start='the network that had learned from the labelled photographs' \
    --trained_on="10 253 photographs with a teacher's labels (Places365; houses, Ahmed and Moustafa 2016; DoorDetect; CamVid; a catalogue of IKEA), from EfficientNet-Lite0's ImageNet weights; then NYU Depth v2, labelled subset (Silberman et al., ECCV 2012), our split of 677 training and 192 validation pairs" \
    --licence="research use only, for the pairs and the photographs alike, cite the authors; it holds for these weights. EfficientNet-Lite0's weights: Apache-2.0"
done
(cd pretrained && sha256sum */*.npz */*.tflite >SHA256SUMS)
