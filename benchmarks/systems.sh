# Sets `systems` to the arguments, or to all eight systems if there are none; those
# that train fastest come first. Use: source benchmarks/systems.sh "$@"
systems=("$@")
if [ $# -eq 0 ]; then
  systems=(aiia_hit tcl miaigo tencent_gylab tencent_gylab_2021 jmu_cvlab icl
    smartlab)
fi
