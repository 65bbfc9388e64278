#!/usr/bin/env bash
# Trains the ready weights of all systems for five passes over procedural rooms and
# measures them there. The leaderboard's depth pictures are those of
# docs/results_log.md: rooms need no licence, unlike photographs. The same command
# resumes an interrupted run.
#
#   bash benchmarks/rooms.sh ROOMS_DIR RUNS_DIR [SYSTEM ...]
set -euo pipefail
rooms_dir="$1" runs_dir="$2"
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$runs_dir"
source benchmarks/systems.sh "$@"

for system in "${systems[@]}"; do
  echo "== $system"
  python -m depth_mai.train --gin_file=gin_configs/base/small_data.gin \
    --gin_param="train.network = @$system" \
    --gin_param="train.initial_network = '$system'" \
    --gin_param='cosine.peak = 1e-3' --gin_param='train.epochs = 5' \
    --gin_param='train.ema_decay = 0.95' --gin_param='train.evaluations = 1' \
    --data_dir="$rooms_dir" --workdir="$runs_dir/$system" \
    2>"$runs_dir/$system.err"
  python -m depth_mai.convert --workdir="$runs_dir/$system" \
    --precision=fp32 --output_dir="$runs_dir/tflite" 2>>"$runs_dir/$system.err"
done

python -m depth_mai.leaderboard --models_dir="$runs_dir/tflite" \
  --data_dir="$rooms_dir" --precision=fp32 --output_dir="$runs_dir/leaderboard"
