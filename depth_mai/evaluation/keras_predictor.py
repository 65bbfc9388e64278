# SPDX-License-Identifier: Apache-2.0
"""Predicts with a trained network, a .keras file."""

from collections.abc import Sequence
import os

import keras
import numpy as np
import tensorflow as tf

from depth_mai import challenge
from depth_mai.models import deployment
from depth_mai.models import finite_check
from depth_mai.models import network_file
from depth_mai.runtime import image_io


class KerasPredictor:
  """Predicts batches with the model that conversion would write.

  Attributes:
    batch_size: the largest number of images for one call of `predict_mm`.
    input_size: (height, width) to which pictures are resized, pixels.
  """

  def __init__(
    self,
    network: str | os.PathLike[str] | keras.Model,
    output_upsampling: str | None = None,
    batch_size: int = 8,
  ):
    """Loads a network.

    Args:
      network: maps RGB 0..255 at its own size to metres; or its .keras file.
      output_upsampling: how the depth is resized to 480 x 640, see
        `deployment.deployment_model`.
      batch_size: images per call.

    Raises:
      ValueError: if the file is missing or is not a network of this project,
        or if a weight or statistic is not finite.
    """
    if not isinstance(network, keras.Model):
      network = network_file.load_network(network)
    finite_check.check(network, f'The network {network.name}')
    self.input_size = challenge.IMAGE_SIZE
    model = deployment.deployment_model(
      network, output_upsampling=output_upsampling
    )
    self.batch_size = batch_size

    @tf.function(reduce_retracing=True)
    def predict(rgb_uint8: tf.Tensor) -> tf.Tensor:
      return model(tf.cast(rgb_uint8, tf.float32), training=False)

    self._predict = predict

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> list[np.ndarray]:
    """Predicts a batch.

    Args:
      names: ids of the images, not used.
      rgb_uint8: N images, uint8 [H, W, 3] of any size.

    Returns:
      N depth maps, float32 [480, 640], millimetres.
    """
    del names
    rgb = [image_io.resize_rgb(x, self.input_size) for x in rgb_uint8]
    return list(np.asarray(self._predict(np.stack(rgb)))[..., 0])
