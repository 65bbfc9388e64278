# SPDX-License-Identifier: Apache-2.0
"""Evaluates a network during training with the organisers' metrics."""

from collections.abc import Callable
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from depth_mai import challenge
from depth_mai.metrics import depth_metrics
from depth_mai.models import deployment
from depth_mai.report import picture


def make_predictor(
  network: keras.Model,
) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns a compiled function from images to depth, as on the device.

  Args:
    network: maps RGB at its own size to metres.

  Returns:
    A function from [B, 480, 640, 3] RGB 0..255 to [B, 480, 640, 1] millimetres.
  """
  model = deployment.deployment_model(network)

  @tf.function(reduce_retracing=True)
  def predict(rgb):
    return model(tf.cast(rgb, tf.float32), training=False)

  return predict


def evaluate(predict: Callable, batches: Iterable[dict]) -> dict[str, float]:
  """Measures predictions with the organisers' metrics, mean over images.

  Args:
    predict: from make_predictor.
    batches: dicts of 'rgb' uint8 [B, 480, 640, 3] and 'depth_mm' uint16
      [B, 480, 640, 1].

  Returns:
    si_rmse, rmse (metres), log10 and rel.
  """
  metrics = depth_metrics.DepthMetrics()
  for batch in batches:
    predictions = np.asarray(predict(batch['rgb']))
    for pred_mm, depth_mm in zip(
      predictions, np.asarray(batch['depth_mm']), strict=True
    ):
      metrics.add(pred_mm[..., 0], depth_mm[..., 0])
  result = metrics.result()
  return {name: result[name] for name in challenge.METRICS}


def draw(predict: Callable, batch: dict, images: int = 4) -> np.ndarray:
  """Draws input, prediction, truth and error of a few images.

  Args:
    predict: from make_predictor.
    batch: see `evaluate`.
    images: largest number of rows of the picture.

  Returns:
    A uint8 picture [H, W, 3].
  """
  rgb = np.asarray(batch['rgb'][:images])
  truth_m = np.asarray(batch['depth_mm'][:images, ..., 0]) / challenge.MM_PER_M
  pred_m = np.asarray(predict(rgb))[..., 0] / challenge.MM_PER_M
  return picture.grid(
    [
      [picture.side_by_side(image, prediction, truth_m=truth)]
      for image, prediction, truth in zip(rgb, pred_m, truth_m, strict=True)
    ]
  )
