# SPDX-License-Identifier: Apache-2.0
"""Predictions of a trained network, a .keras file."""

from collections.abc import Sequence
import importlib
import os
import pkgutil

import keras
import numpy as np
import tensorflow as tf

from depth_mai import layers
from depth_mai.models import deployment
from depth_mai.runtime import image_io


class KerasPredictor:
  """Predicts as the converted network would, many images at a time.

  Attributes:
    batch_size: the most images that `predict_mm` should be given.
  """

  def __init__(
    self,
    path: str | os.PathLike[str],
    output_upsampling: str = 'bilinear',
    batch_size: int = 8,
  ):
    """Loads a network.

    Args:
      path: a .keras file: RGB 0..255 at the network's own size to metres.
      output_upsampling: how the depth is brought to 480 x 640, see
        `deployment.deployment_model`.
      batch_size: images per call.

    Raises:
      ValueError: if the file is missing or is no network of this project.
    """
    network = load_network(path)
    model = deployment.deployment_model(
      network, output_upsampling=output_upsampling
    )
    self.batch_size = batch_size

    @tf.function(reduce_retracing=True)
    def predict(rgb_uint8):
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
    rgb = [image_io.resize_rgb(x, deployment.IMAGE_SIZE) for x in rgb_uint8]
    return list(np.asarray(self._predict(np.stack(rgb)))[..., 0])


def load_network(path: str | os.PathLike[str]) -> keras.Model:
  """Loads a .keras file for inference.

  Args:
    path: the file.

  Returns:
    The network.

  Raises:
    ValueError: if the file is missing or is no network of this project.
  """
  # A layer can be loaded once the module that registers it is imported.
  for module in pkgutil.iter_modules(layers.__path__, f'{layers.__name__}.'):
    importlib.import_module(module.name)
  if not os.path.isfile(path):
    raise ValueError(
      f'There is no file {path}. Point --model at a .keras file, or --workdir '
      'at the folder of a training, which gets its best.keras at the first '
      'validation.'
    )
  try:
    network = keras.models.load_model(path, compile=False)
    image_shape, depth_shape = network.input_shape, network.output_shape
  except Exception as error:  # Keras raises nearly everything here.
    raise ValueError(
      f'{path} cannot be loaded as a network ({error}). It must be a .keras '
      'file written by depth_mai.train.'
    ) from error
  if (
    [len(image_shape), len(depth_shape)] != [4, 4]
    or image_shape[-1] != 3
    or depth_shape[-1] != 1
    or None in image_shape[1:]
  ):
    raise ValueError(
      f'{path} maps {image_shape} to {depth_shape}, which is no depth network: '
      'it must map [B, h, w, 3] of a fixed size to [B, h, w, 1].'
    )
  return network
