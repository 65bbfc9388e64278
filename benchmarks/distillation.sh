#!/usr/bin/env bash
# Measures what distillation brings: trains three networks with and without their
# teams' distillation, at equal images seen, with three seeds, and prints the table of
# docs/results_log.md. AIIA HIT's second stage, with and without it, starts from the
# same first stage. The same command resumes an interrupted run.
#
#   bash benchmarks/distillation.sh DATA_DIR TEACHER.keras RUNS_DIR PASSES [SYSTEM ...]
#
# The teacher is a network of gin_configs/lite_teacher.gin. Both trainings use the
# optimizer, the loss and the augmentation of gin_configs/base/small_data.gin; the
# terms of the distillation and their weights are those of
# gin_configs/<system>_distilled.gin, and for a third training that of ICL, which
# compares depth maps.
set -euo pipefail
data_dir="$1" teacher="$2" runs_dir="$3" passes="$4"
shift 4
cd "$(dirname "${BASH_SOURCE[0]}")/.."
systems=("$@")
[ $# -gt 0 ] || systems=(aiia_hit tencent_gylab smartlab)
mkdir -p "$runs_dir"
export TF_CPP_MIN_LOG_LEVEL=2

run() { # NAME SEED [FLAG ...]
  local name="$1" seed="$2"
  shift 2
  echo "== $name"
  python -m depth_mai.train "$@" --gin_param="train.seed = $seed" \
    --gin_param="train.epochs = $passes" --gin_param='train.ema_decay = 0.995' \
    --gin_param='train.evaluations = 2' \
    --data_dir="$data_dir" --workdir="$runs_dir/$name" 2>"$runs_dir/$name.err"
}

small=--gin_file=gin_configs/base/small_data.gin
response=(
  "--gin_param=Distillation.terms = [('log_response', 1.0, 'depth_m', 'depth_m')]"
  "--gin_param=log_response.form = 'si_rmse'")
for seed in 1 2 3; do
  for system in "${systems[@]}"; do
    plain=("--gin_file=gin_configs/$system.gin" "$small")
    distilled=("--gin_file=gin_configs/${system}_distilled.gin" "$small"
      "--gin_param=Distillation.teacher = '$teacher'")
    start=()
    if [ "$system" = aiia_hit ]; then
      run "aiia_hit_first_$seed" "$seed" "${plain[@]}"
      start=("--gin_param=train.initial_network = '$runs_dir/aiia_hit_first_$seed/best.keras'")
    fi
    run "${system}_plain_$seed" "$seed" "${plain[@]}" "${start[@]}"
    run "${system}_distilled_$seed" "$seed" "${distilled[@]}" "${start[@]}"
    run "${system}_response_$seed" "$seed" "${distilled[@]}" "${response[@]}" \
      "${start[@]}"
  done
done
python benchmarks/tables.py seeds "$runs_dir"
