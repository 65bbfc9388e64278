# SPDX-License-Identifier: Apache-2.0
"""Writes ReLUs that stand alone as an operator that XNNPACK takes in INT8.

A ReLU runs inside of the convolution, sum or product before it, unless that is
read by others, too; then it is an operator of its own, which XNNPACK does not
take where numbers are int8. A product with one runs its ReLU inside, and takes
fewer instructions (docs/device.md). The converter drops a factor of exactly
one, so it is the next float32 above.
"""

import keras
import numpy as np

from depth_mai.lite import flat_copy

_ONE = float(np.nextafter(np.float32(1), np.float32(2)))


def multiply_lone_relus(model: keras.Model) -> keras.Model:
  """Copies a model with a product in front of every ReLU that stands alone.

  Args:
    model: functional; models inside of it are dissolved.

  Returns:
    A functional model of the same name that shares nothing with `model`. Its
    result is the same to the seventh digit.
  """
  graph = flat_copy.FlatCopy(model)
  lone = {
    layer
    for layer in graph.layers
    if isinstance(layer, keras.layers.ReLU) and graph.producer(layer) is None
  }

  def call(layer, *args, **kwargs):
    if layer in lone:
      product = keras.layers.Rescaling(_ONE, name=f'{layer.name}_product')
      return layer(product(args[0]))
    return layer(*args, **kwargs)

  return keras.models.clone_model(
    graph.model, clone_function=lambda layer: layer, call_function=call
  )
