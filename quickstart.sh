#!/usr/bin/env bash
# Leads from Python alone to depth pictures, in two minutes on two idle cores:
# renders a data set of procedural rooms, trains TCL briefly, measures it,
# converts it, measures a converted file, predicts, and times the network.
#
#   bash quickstart.sh [OUTPUT_DIR]     (default: quickstart)
#
# An interrupted run resumes when the script is started again.
set -euo pipefail
out="$(realpath -m "${1:-quickstart}")"
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf '\n== %s\n' "$*"; }

say "Virtual environment in $out/venv"
[[ -x "$out/venv/bin/python" ]] || python3 -m venv "$out/venv"
# shellcheck disable=SC1091
source "$out/venv/bin/activate"
pip install --quiet --disable-pip-version-check -e '.[train]'

say 'Rendering procedural rooms: pictures and exact depth'
python -m depth_mai.datasets.procedural_rooms.write \
  --output_dir="$out/rooms" --train=320 --validation=24 --test=6

say 'Training TCL briefly (docs/results_log.md has the full training)'
python -m depth_mai.train --gin_file=gin_configs/tcl.gin \
  --data_dir="$out/rooms" --workdir="$out/tcl" \
  --gin_param='train.epochs = 18' --gin_param='train.evaluations = 2' \
  --gin_param='train.ema_decay = 0.95'

say 'Measuring the Keras network'
python -m depth_mai.evaluate --workdir="$out/tcl" \
  --data_dir="$out/rooms" --split=validation --json="$out/keras.json" \
  --pictures_dir="$out/judged"

say 'Converting to TFLite'
python -m depth_mai.convert --workdir="$out/tcl" --data_dir="$out/rooms" \
  --precision=fp32,fp16,int8 --calibration_count=32 --output_dir="$out/tflite"

say 'Measuring the INT8 file'
python -m depth_mai.evaluate --model="$out/tflite/tcl_int8.tflite" \
  --data_dir="$out/rooms" --split=validation --json="$out/int8.json"

say 'Predicting depth pictures'
python -m depth_mai.predict --model="$out/tflite/tcl_fp32.tflite" \
  "$out/rooms/test/rgb" --output_dir="$out/predictions" --overwrite

say 'Timing on this machine'
python -m depth_mai.benchmark --model="$out/tflite/tcl_fp32.tflite" \
  --json="$out/benchmark.json"

say "Done. Depth pictures: $out/predictions; everything else: $out"
