#!/usr/bin/env bash
# Publishes in pretrained/ the networks that photographs.sh (the eight) or ours.sh (the
# family) trained in RUNS_DIR, which is the folder `pairs` of their runs.
#
#   bash benchmarks/publish.sh DATA_DIR RUNS_DIR SYSTEM ...
#
# Of the eight the FP16 file is published: it has half the size of FP32 and the same
# errors. The files of SmartLab and ICL, the largest networks, have 8-bit weights. Of the
# family it is the INT8 file: a third of FP32's size, its si-RMSE differs by less than
# 1 % (docs/results_log.md).
set -euo pipefail
data_dir="$1" runs_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for system in "$@"; do
  precision=fp16 path='benchmarks/photographs.sh DATA/indoor PHOTOS LITE2 RUNS 2'
  from=', from random weights' encoder=''
  case "$system" in
  smartlab | icl) precision=dynamic ;;
  ours_*)
    precision=int8 path='benchmarks/ours.sh DATA/indoor PHOTOS LITE2 LITE0 RUNS'
    from=", from EfficientNet-Lite0's ImageNet weights"
    encoder="; EfficientNet-Lite0's weights: Apache-2.0"
    ;;
  esac
  python -m depth_mai.publish --workdir="$runs_dir/$system" \
    --tflite="$runs_dir/tflite/${system}_$precision.tflite" --data_dir="$data_dir" \
    --command="bash $path" \
    --start='the network that had learned from the labelled photographs' \
    --trained_on="10 253 photographs with teachers' labels (Places365; houses, Ahmed and Moustafa 2016; DoorDetect; CamVid; a catalogue of IKEA)$from; then NYU Depth v2, labelled subset (Silberman et al., ECCV 2012), our split of 677 training and 192 validation pairs" \
    --licence="research use only, for the pairs and the photographs alike, cite the authors; it holds for these weights$encoder"
done
(cd pretrained && sha256sum */*.npz */*.tflite >SHA256SUMS)
