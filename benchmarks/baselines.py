# SPDX-License-Identifier: Apache-2.0
r"""Measures three baselines that any depth network should beat.

  python benchmarks/baselines.py --data_dir=DATA/indoor [--epochs=140]

Prints a Markdown table with the metrics of the validation split for

  constant  the median of all known depths of the training split;
  mean map  the geometric mean of the training maps, pixel by pixel, which
            predicts the same depth for every picture;
  U-Net     one page of plain Keras: MobileNetV3-Small from keras.applications
            with random weights, four upsampling stages, SILog over the batch
            and AdamW, on batches with the default augmentation. --epochs=0
            leaves it out; 140 passes take about 20 minutes on two cores.
"""

from collections.abc import Callable
from collections.abc import Iterable
import os

# Before TensorFlow is imported, whose start-up messages would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import keras
import numpy as np
import tensorflow as tf

from depth_mai import challenge
from depth_mai import program
from depth_mai.data import pipeline
from depth_mai.data import source
from depth_mai.evaluation import keras_predictor
from depth_mai.metrics import depth_metrics
from depth_mai.metrics import table

_DATA_DIR = program.flag(
  'data_dir', 'Pictures and depth maps to train and measure on.', required=True
)
_EPOCHS = flags.DEFINE_integer(
  'epochs', 140, 'Passes over the training split for the U-Net.', 0
)

_INPUT_SIZE = (128, 160)
_BATCH_SIZE = 32
_SEED = 1
# Outputs of keras.applications' MobileNetV3-Small at strides 2 to 32.
_TAPS = (
  'activation',
  'expanded_conv_project_bn',
  'expanded_conv_2_add',
  'expanded_conv_7_add',
  'activation_17',
)
_WIDTHS = (128, 64, 32, 16)
_HEADER = ('baseline', 'si-RMSE', 'RMSE m', 'LOG10', 'REL')
_FORMATS = ('', '.4f', '.3f', '.4f', '.4f')
_LEVELS = np.iinfo(np.uint16).max + 1

Predict = Callable[[np.ndarray], np.ndarray]


def constant_and_mean_map(
  depth_maps_mm: Iterable[np.ndarray],
) -> tuple[float, np.ndarray]:
  """Computes the two predictions that ignore the picture.

  Args:
    depth_maps_mm: uint16 [H, W] of one size, millimetres, 0 = unknown.

  Returns:
    The median of all known depths, and the geometric mean at each pixel, [H, W]
    (the median where no map knows the pixel), millimetres.
  """
  histogram = np.zeros(_LEVELS, np.int64)
  log_sum, count = np.zeros(()), np.zeros((), np.int64)
  for depth_mm in depth_maps_mm:
    known = depth_mm > 0
    histogram += np.bincount(depth_mm[known], minlength=_LEVELS)
    log_sum = log_sum + np.where(known, np.log(np.maximum(depth_mm, 1.0)), 0.0)
    count = count + known
  cumulative = np.cumsum(histogram)
  median_mm = float(np.searchsorted(cumulative, cumulative[-1] / 2))
  mean_mm = np.exp(log_sum / np.maximum(count, 1))
  return median_mm, np.where(count > 0, mean_mm, median_mm)


def unet() -> keras.Model:
  """Builds the U-Net: RGB [B, 128, 160, 3], 0..255, to metres at half of it."""
  keras.utils.clear_session()  # Layer names are numbered from the start.
  encoder = keras.applications.MobileNetV3Small(
    input_shape=(*_INPUT_SIZE, 3), include_top=False, weights=None
  )
  *skips, x = (encoder.get_layer(name).output for name in _TAPS)
  for skip, width in zip(reversed(skips), _WIDTHS, strict=True):
    x = keras.layers.UpSampling2D(interpolation='bilinear')(x)
    x = keras.layers.Concatenate()([x, skip])
    x = keras.layers.Conv2D(width, 3, padding='same', use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.ReLU()(x)
  log_depth = keras.layers.Conv2D(1, 3, padding='same')(x)
  depth_m = keras.layers.Activation('exponential')(log_depth)
  for layer in encoder.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
      # With 0.999, a short run would be measured with old statistics.
      layer.momentum = 0.9
  return keras.Model(encoder.input, depth_m, name='unet')


def silog(depth_m: tf.Tensor, pred_depth_m: tf.Tensor) -> tf.Tensor:
  """SILog over the valid pixels of a batch (Eigen et al., lambda = 0.85)."""
  valid = tf.cast(depth_m > 0, tf.float32)
  residual = valid * (
    tf.math.log(pred_depth_m) - tf.math.log(tf.maximum(depth_m, 1e-3))
  )
  pixels = tf.maximum(tf.reduce_sum(valid), 1.0)
  mean = tf.reduce_sum(residual) / pixels
  mean_square = tf.reduce_sum(tf.square(residual)) / pixels
  return tf.sqrt(mean_square - 0.85 * tf.square(mean) + 1e-9)


def train_unet(data_dir: str, epochs: int) -> Predict:
  """Trains the U-Net and returns its predictor, to be called on one picture."""
  keras.utils.set_random_seed(_SEED)
  pairs = source.open_split(data_dir, 'train')
  steps = max(1, int(pairs.cardinality()) // _BATCH_SIZE)
  network = unet()
  batches = pipeline.train_dataset(
    pairs,
    batch_size=_BATCH_SIZE,
    seed=_SEED,
    input_size=_INPUT_SIZE,
    target_size=network.output_shape[1:3],
  ).map(lambda batch: (batch['rgb'], batch['depth_m']))
  network.compile(
    keras.optimizers.AdamW(
      keras.optimizers.schedules.CosineDecay(
        0.0, epochs * steps, 0.0, warmup_target=2e-3, warmup_steps=100
      ),
      weight_decay=0.05,
    ),
    silog,
  )
  network.fit(batches, epochs=epochs, steps_per_epoch=steps, verbose=2)
  predictor = keras_predictor.KerasPredictor(network)
  return lambda rgb_uint8: predictor.predict_mm([''], [rgb_uint8])[0]


def main(argv: list[str]) -> None:
  """Measures the baselines and prints the table."""
  program.no_arguments(argv)
  data_dir = source.resolve(_DATA_DIR.value)
  median_mm, mean_map_mm = constant_and_mean_map(
    depth_mm for _, _, depth_mm in source.evaluation_pairs(data_dir, 'train')
  )
  predictors: dict[str, Predict] = {
    'constant': lambda _: np.full_like(mean_map_mm, median_mm),
    'mean map': lambda _: mean_map_mm,
  }
  if _EPOCHS.value:
    predictors['U-Net'] = train_unet(data_dir, _EPOCHS.value)
  rows = []
  for name, predict in predictors.items():
    metrics = depth_metrics.DepthMetrics()
    for _, rgb_uint8, depth_mm in source.evaluation_pairs(
      data_dir, 'validation'
    ):
      metrics.add(predict(rgb_uint8), depth_mm)
    result = metrics.result()
    rows.append((name, *(result[metric] for metric in challenge.METRICS)))
  print(table.markdown_table(_HEADER, rows, _FORMATS))


if __name__ == '__main__':
  program.run(main)
