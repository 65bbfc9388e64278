#!/usr/bin/env bash
# Measures what each choice in TCL's recipe is worth, in short runs that differ from
# the first in one choice, and prints the table of docs/results_log.md. (All but one
# zoom the depth with the image, as the recipe did before this comparison.) The same
# command resumes an interrupted run.
#
#   bash benchmarks/tcl_recipe.sh DATA_DIR ROOMS_DIR RUNS_DIR
#
# DATA_DIR needs the splits train and validation; ROOMS_DIR is written by
# depth_mai.datasets.procedural_rooms.write. Each run takes two minutes on two cores.
set -euo pipefail
data_dir="$1" rooms_dir="$2" runs_dir="$3"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

short=('train.epochs = 20' 'train.ema_decay = 0.98' 'train.evaluations = 2'
  'Augmentation.zoom_scales_depth = True')

run() { # NAME DATA_DIR [BINDING ...]
  local name="$1" data="$2" binding
  shift 2
  local params=()
  for binding in "${short[@]}" "$@"; do params+=("--gin_param=$binding"); done
  mkdir -p "$runs_dir"
  echo "== $name: $*"
  python -m depth_mai.train --gin_file=gin_configs/tcl.gin "${params[@]}" \
    --data_dir="$data" --workdir="$runs_dir/$name" 2>"$runs_dir/$name.err"
}

run start "$data_dir"
run statistics_0.99 "$data_dir" 'TclOptions.batch_norm_momentum = 0.99'
run statistics_0.999 "$data_dir" 'TclOptions.batch_norm_momentum = 0.999'
run silog_of_batch "$data_dir" 'silog.per_image = False'
run silog_gradient_robust "$data_dir" \
  "WeightedLoss.weights = {'silog': 1.0, 'gradient': 0.25, 'robust': 0.6}"
run no_norm_in_decoder "$data_dir" 'TclOptions.clb_batch_norm = False'
run depth_not_zoomed "$data_dir" 'Augmentation.zoom_scales_depth = False'
run r2_crop "$data_dir" "Augmentation.crop = 'r2'"
run mild_colours "$data_dir" 'Augmentation.gamma = (0.9, 1.1)' \
  'Augmentation.brightness = (0.75, 1.25)' 'Augmentation.channel = (0.9, 1.1)' \
  'Augmentation.saturation = (1, 1)' 'Augmentation.contrast = (1, 1)'
run rooms "$rooms_dir"
run after_rooms "$data_dir" \
  "train.initial_network = '$runs_dir/rooms/best.keras'"

python benchmarks/tables.py runs "$runs_dir"
