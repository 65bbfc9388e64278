# SPDX-License-Identifier: Apache-2.0
"""Networks of a single operator each, converted by today's converter."""

from collections.abc import Callable
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

_SHAPE = (1, 8, 8, 4)
PRECISIONS = ('fp32', 'fp16', 'dynamic', 'int8', 'int16x8')


# The converter leaves weights of fewer than 1024 numbers as they are.
def _values(*shape: int) -> tf.Tensor:
  """Returns a constant, the same at every call."""
  generator = np.random.default_rng(0)
  return tf.constant(generator.uniform(-1.0, 1.0, shape), tf.float32)


def _conv(x, **options):
  return tf.nn.conv2d(x, _values(3, 3, 4, 32), 1, 'SAME', **options)


# Name -> function of x [1, 8, 8, 4], whose values are 0.1 to 1.
NETWORKS: dict[str, Callable] = {
  'abs': tf.abs,
  'add': lambda x: x + tf.reverse(x, [1]),
  'add a constant': lambda x: x + _values(4),
  'argmax': lambda x: tf.argmax(x, -1, tf.int32),
  'average pooling': lambda x: tf.nn.avg_pool2d(x, 2, 2, 'SAME'),
  'batch matmul': lambda x: tf.matmul(x, tf.transpose(x, [0, 1, 3, 2])),
  'batch to space': lambda x: tf.batch_to_space(
    tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]), [2, 2], [[0, 0], [0, 0]]
  ),
  'broadcast to': lambda x: tf.broadcast_to(x[:, :1], _SHAPE),
  'cast': lambda x: tf.cast(tf.cast(x * 10.0, tf.int32), tf.float32),
  'ceil': tf.math.ceil,
  'clip to 0..1': lambda x: tf.clip_by_value(x, 0.0, 1.0),
  'concatenation': lambda x: tf.concat([x, tf.reverse(x, [1])], -1),
  'convolution': _conv,
  'convolution and ReLU': lambda x: tf.nn.relu(_conv(x) + _values(32)),
  'convolution, dilated': lambda x: _conv(x, dilations=2),
  'cos': tf.cos,
  'cumsum': lambda x: tf.cumsum(x, 1),
  'depth to space': lambda x: tf.nn.depth_to_space(x, 2),
  'depthwise convolution': lambda x: tf.nn.depthwise_conv2d(
    x, _values(3, 3, 4, 32), [1, 1, 1, 1], 'SAME'
  ),
  'depthwise convolution, dilated': lambda x: tf.nn.depthwise_conv2d(
    x, _values(3, 3, 4, 32), [1, 1, 1, 1], 'SAME', dilations=[2, 2]
  ),
  'divide': lambda x: x / (1.0 + tf.reverse(x, [1])),
  'ELU': tf.nn.elu,
  'equal': lambda x: tf.cast(tf.equal(x, tf.reverse(x, [1])), tf.float32),
  'exp': tf.exp,
  'expand dims': lambda x: tf.expand_dims(x, 1),
  'floor': tf.floor,
  'floor mod': lambda x: tf.math.floormod(x, tf.reverse(x, [1])),
  'fully connected': lambda x: tf.matmul(
    tf.reshape(x, [1, 256]), _values(256, 8)
  ),
  'gather': lambda x: tf.gather(x, [0, 2, 1], axis=2),
  'gather nd': lambda x: tf.gather_nd(x, [[0, 1], [0, 3]]),
  'GELU': tf.nn.gelu,
  'GELU, approximate': lambda x: tf.nn.gelu(x, approximate=True),
  'greater': lambda x: tf.cast(x > tf.reverse(x, [1]), tf.float32),
  'hard swish': lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0),
  'L2 normalisation': lambda x: tf.math.l2_normalize(x, -1),
  'leaky ReLU': tf.nn.leaky_relu,
  'less': lambda x: tf.cast(x < tf.reverse(x, [1]), tf.float32),
  'log': tf.math.log,
  'log softmax': tf.nn.log_softmax,
  'max pooling': lambda x: tf.nn.max_pool2d(x, 2, 2, 'SAME'),
  'maximum': lambda x: tf.maximum(x, tf.reverse(x, [1])),
  'mean': lambda x: tf.reduce_mean(x, [1, 2], keepdims=True),
  'minimum': lambda x: tf.minimum(x, tf.reverse(x, [1])),
  'mirror padding': lambda x: tf.pad(
    x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'REFLECT'
  ),
  'multiply': lambda x: x * tf.reverse(x, [1]),
  'negative': tf.negative,
  'one hot': lambda x: tf.one_hot(tf.argmax(x, -1), 4),
  'pack': lambda x: tf.stack([x, tf.reverse(x, [1])], 1),
  'padding': lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]),
  'padding with a value': lambda x: tf.pad(
    x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=0.5
  ),
  'power': lambda x: tf.pow(x, 1.0 + tf.reverse(x, [1])),
  'PReLU': lambda x: tf.nn.relu(x) - _values(4) * tf.nn.relu(-x),
  'reduce max': lambda x: tf.reduce_max(x, [1, 2], keepdims=True),
  'reduce min': lambda x: tf.reduce_min(x, [1, 2], keepdims=True),
  'reduce prod': lambda x: tf.reduce_prod(x, [3], keepdims=True),
  'ReLU': lambda x: tf.nn.relu(x - 0.5),
  'ReLU6': lambda x: tf.nn.relu6(8.0 * x - 0.5),
  'reshape': lambda x: tf.reshape(x, [1, 64, 4]),
  'resize bilinear': lambda x: tf.image.resize(x, [16, 16]),
  'resize bilinear, corners': lambda x: tf.compat.v1.image.resize_bilinear(
    x, [16, 16], align_corners=True
  ),
  'resize nearest': lambda x: tf.image.resize(x, [16, 16], 'nearest'),
  'resize nearest, corners': lambda x: (
    tf.compat.v1.image.resize_nearest_neighbor(x, [16, 16], align_corners=True)
  ),
  'reverse': lambda x: tf.reverse(x, [1]),
  'round': tf.round,
  'rsqrt': tf.math.rsqrt,
  'select': lambda x: tf.where(x > 0.5, x, 0.5 * x),
  'sigmoid': tf.sigmoid,
  'sign': tf.sign,
  'sin': tf.sin,
  'slice': lambda x: tf.slice(x, [0, 1, 1, 0], [1, 4, 4, 4]),
  'softmax': tf.nn.softmax,
  'softplus': tf.math.softplus,
  'space to batch': lambda x: tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]),
  'space to depth': lambda x: tf.nn.space_to_depth(x, 2),
  'split': lambda x: tf.add(*tf.split(x, 2, -1)),
  'split, unequal': lambda x: tf.split(x, [1, 3], -1)[1],
  'sqrt': tf.sqrt,
  'square': tf.square,
  'squared difference': lambda x: tf.math.squared_difference(
    x, tf.reverse(x, [1])
  ),
  'squeeze': lambda x: tf.squeeze(x, [0]),
  'strided slice': lambda x: x[:, ::2, 1::2],
  'subtract': lambda x: x - tf.reverse(x, [1]),
  'sum': lambda x: tf.reduce_sum(x, [3], keepdims=True),
  'swish': lambda x: x * tf.sigmoid(x),
  'tanh': tf.tanh,
  'tile': lambda x: tf.tile(x, [1, 2, 2, 1]),
  'transpose': lambda x: tf.transpose(x, [0, 2, 1, 3]),
  'transposed convolution': lambda x: tf.nn.conv2d_transpose(
    x, _values(3, 3, 32, 4), [1, 16, 16, 32], 2, 'SAME'
  ),
  'unpack': lambda x: tf.add(*tf.unstack(x[:, :2], axis=1)),
}


def convert(network: Callable, precision: str) -> bytes:
  """Converts a network.

  Args:
    network: a value of NETWORKS.
    precision: in PRECISIONS.

  Returns:
    The content of the .tflite file.
  """
  function = tf.function(
    lambda x: network(x), input_signature=[tf.TensorSpec(_SHAPE, tf.float32)]
  ).get_concrete_function()
  converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
  lite = tf.lite.OpsSet
  if precision != 'fp32':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  if precision == 'fp16':
    converter.target_spec.supported_types = [tf.float16]
  if precision in ('int8', 'int16x8'):
    converter.representative_dataset = pictures
    converter.target_spec.supported_ops = [
      lite.TFLITE_BUILTINS_INT8
      if precision == 'int8'
      else (lite.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8),
      lite.TFLITE_BUILTINS,
    ]
  return converter.convert()


def pictures() -> Iterator[list[np.ndarray]]:
  """Yields inputs to calibrate with, each in a list, as the converter wants."""
  generator = np.random.default_rng(1)
  for _ in range(4):
    yield [generator.uniform(0.1, 1.0, _SHAPE).astype(np.float32)]
