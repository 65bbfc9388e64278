# SPDX-License-Identifier: Apache-2.0
"""Writes hard-swish as operators that XNNPACK takes in INT8.

HARD_SWISH with int8 numbers runs in the built-in kernels, on one thread, and
cuts the graph wherever it stands. x / 6 * ReLU6(x + 3) is the same, and is left
as it is by the converter, which looks for a division behind the product or
inside of the ReLU6. In float one HARD_SWISH is cheaper.
"""

import keras


def split_hard_swish(model: keras.Model) -> keras.Model:
  """Replaces hard-swish activations by two multiplications and an addition.

  Args:
    model: functional, flat, as lite/fold.py makes it.

  Returns:
    A functional model of the same name that shares all other layers with it.
  """

  def call(layer, *args, **kwargs):
    if _is_hard_swish(layer):
      return _hard_swish(args[0], layer.name)
    return layer(*args, **kwargs)

  return keras.models.clone_model(
    model, clone_function=lambda layer: layer, call_function=call
  )


def _is_hard_swish(layer) -> bool:
  return (
    isinstance(layer, keras.layers.Activation)
    and layer.activation is keras.activations.hard_swish
  )


def _hard_swish(x, name: str):
  gate = keras.layers.Rescaling(1.0, 3.0, name=f'{name}_lift')(x)
  gate = keras.layers.ReLU(6.0, name=f'{name}_gate')(gate)
  sixth = keras.layers.Rescaling(1 / 6, name=f'{name}_sixth')(x)
  return keras.layers.Multiply(name=f'{name}_product')([sixth, gate])
