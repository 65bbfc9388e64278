#!/usr/bin/env bash
# Makes the files of docs/device_log.md: converts the ready weights of every system
# to FP32, FP16 and INT8, and SmartLab's to 8-bit weights as well.
#
#   bash benchmarks/ready_files.sh DATA_DIR OUTPUT_DIR [SYSTEM ...]
#
# DATA_DIR has the calibration images. Each system takes a minute of one core.
set -euo pipefail
data_dir="$1" output_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source benchmarks/systems.sh "$@"
export TF_CPP_MIN_LOG_LEVEL=2

for system in "${systems[@]}"; do
  precisions=fp32,fp16,int8
  if [ "$system" = smartlab ]; then precisions+=,dynamic; fi
  python -m depth_mai.convert --model="$system" --data_dir="$data_dir" \
    --precision="$precisions" --output_dir="$output_dir"
done
