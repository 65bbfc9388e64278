#!/usr/bin/env bash
# Compares ways to train for INT8. Each system's ready weights are trained for a few
# more passes, four times from the same start with the same budget: unchanged (the
# control), with a head that predicts the logarithm of the depth, with a head that
# predicts its inverse, and with the rounding of the INT8 file. Networks with
# MobileNetV3-Large are also trained with ReLU instead of hard-swish, and unchanged
# for comparison, both three times as long at ten times the learning rate. The same
# command resumes an interrupted run. quantisation_training_table.py then converts
# the networks, measures them and prints a table.
#
#   bash benchmarks/quantisation_training.sh DATA_DIR RUNS_DIR PASSES [SYSTEM ...]
#
# The variable PYTHON may name the interpreter.
set -euo pipefail
data_dir="$1" runs_dir="$2" passes="$3"
shift 3
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source benchmarks/systems.sh "$@"
mkdir -p "$runs_dir"
export TF_CPP_MIN_LOG_LEVEL=2

options() { # SYSTEM; prints the name of its options, e.g. TclOptions for tcl
  "${PYTHON:-python}" - "$1" <<'PROGRAM'
import sys
print(''.join(word.title() for word in sys.argv[1].split('_')) + 'Options')
PROGRAM
}

for system in "${systems[@]}"; do
  of="$(options "$system")"
  variants=(linear log inverse rounded)
  case "$system" in
    tencent_gylab* | jmu_cvlab | icl) variants+=(longer relu) ;;
  esac
  for variant in "${variants[@]}"; do
    epochs="$passes" extra=() option=
    case "$variant" in
      linear | log | inverse) option="depth_code = '$variant'" ;;
      rounded) extra+=(--gin_param='train.quantisation = @FakeQuantisation()') ;;
      relu) option="encoder_activation = 'relu'" ;;&
      longer | relu)
        epochs=$((3 * passes))
        extra+=(--gin_param='cosine.peak = 1e-3')
        ;;
    esac
    if [ -n "$option" ]; then
      extra+=(--gin_param="$system.options = @$of()"
        --gin_param="$of.$option")
    fi
    run="$runs_dir/${system}_$variant"
    echo "== $run"
    "${PYTHON:-python}" -m depth_mai.train \
      --gin_file=gin_configs/base/small_data.gin \
      --gin_file=gin_configs/base/fine_tuning.gin \
      --gin_param="train.network = @$system" \
      --gin_param="train.epochs = $epochs" "${extra[@]}" \
      --gin_param="train.initial_network = '$system'" \
      --data_dir="$data_dir" --workdir="$run" >"$run.log" 2>&1
  done
done
