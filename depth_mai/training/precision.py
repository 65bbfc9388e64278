# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of a training.

'float32', 'mixed_bfloat16' and 'mixed_float16' are policies of Keras; the last
two gain on GPUs. 'bfloat16_convolutions' is the fast one for CPUs with bfloat16
instructions (AVX512_BF16, AMX), which multiply twice as many numbers at once as
in float32. Only large convolutions gain there: TensorFlow's BatchNorm and
depthwise convolutions are several times slower in bfloat16 than in float32,
which makes 'mixed_bfloat16' slower than 'float32', and the 1x1 convolutions of
small networks take as long as the conversion of their maps.
"""

import functools
import pathlib

import keras
import tensorflow as tf

from depth_mai.layers import clb

_CONVOLUTIONS = 'bfloat16_convolutions'
PRECISIONS = ('float32', _CONVOLUTIONS, 'mixed_bfloat16', 'mixed_float16')
_CPU_INFO = pathlib.Path('/proc/cpuinfo')
_INSTRUCTIONS = ('avx512_bf16', 'amx_bf16')


def set_policy(precision: str) -> None:
  """Sets Keras' policy for the networks that are built from now on.

  Says so if this machine has no instructions for what is chosen.

  Args:
    precision: one of PRECISIONS.
  """
  chosen = precision == _CONVOLUTIONS
  keras.mixed_precision.set_global_policy('float32' if chosen else precision)
  if chosen and not _has_instructions():
    print(
      f'train.precision = {_CONVOLUTIONS!r} is slow here: this processor has '
      f"neither {' nor '.join(_INSTRUCTIONS)}. 'float32' is faster."
    )


def apply(precision: str, network: keras.Model) -> None:
  """Changes how a network computes, if the precision is of its convolutions.

  They then round their inputs and kernels to bfloat16, which has eight
  significant bits, sum the products in float32 and round the sums; likewise
  for the gradients. All weights, and what is between the convolutions, stay in
  float32, and the saved file is the same. 1x1, depthwise and grouped
  convolutions are left alone.

  Args:
    precision: one of PRECISIONS.
    network: is changed.
  """
  if precision != _CONVOLUTIONS:
    return
  for layer in network._flatten_layers():
    if _gains(layer):
      layer.convolution_op = functools.partial(_convolve, layer)


def _gains(layer: keras.layers.Layer) -> bool:
  if isinstance(layer, keras.layers.Conv2D):
    return layer.kernel_size != (1, 1) and layer.groups == 1
  return isinstance(layer, clb.CollapsibleConv2D) and layer.kernel_size != 1


def _convolve(layer, inputs, kernel):
  y = type(layer).convolution_op(
    layer, tf.cast(inputs, tf.bfloat16), tf.cast(kernel, tf.bfloat16)
  )
  return tf.cast(y, inputs.dtype)


def _has_instructions() -> bool:
  """Returns whether bfloat16 is fast here; True where nothing can tell."""
  if tf.config.list_physical_devices('GPU') or not _CPU_INFO.exists():
    return True
  return bool({*_INSTRUCTIONS} & {*_CPU_INFO.read_text().split()})
