# SPDX-License-Identifier: Apache-2.0
"""INT8 conversion of a network that was trained with rounding.

Its layers hold the ranges that it was trained with, so nothing is calibrated:
TensorFlow reads them out of the graph and quantises what lies between two
roundings. What has none behind it, such as the decoding of the depth, its unit
and its upsampling, stays in float.
"""

import keras
import tensorflow as tf

from depth_mai.layers import fake_quantisation


def are_in(model: keras.Model) -> bool:
  """Returns whether a model, or one inside of it, rounds its activations."""
  return any(
    isinstance(layer, fake_quantisation.FakeQuantise)
    or (isinstance(layer, keras.Model) and are_in(layer))
    for layer in model.layers
  )


def convert(model: keras.Model) -> bytes:
  """Converts a deployment model with its ranges.

  Args:
    model: functional, of a fixed shape, with rounded activations and plain
      kernels; see collapse.collapse(network, keep_rounding=True).

  Returns:
    The .tflite file's bytes; float32 in and out.
  """
  converter = tf.lite.TFLiteConverter.from_keras_model(model)
  converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
  converter.optimizations = [tf.lite.Optimize.DEFAULT]
  return bytes(converter.convert())
