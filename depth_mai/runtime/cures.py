# SPDX-License-Identifier: Apache-2.0
"""Advice for operators that a TFLite release or XNNPACK does not support."""

_UNFROZEN = (
  'The graph still contains variables: convert a functional model that is '
  'called with training=False and has no keras.layers.Resizing or CenterCrop.'
)
_RELU_HEAD = (
  'Let the network end in a ReLU and predict depth, or convert with '
  '--precision=fp32 or fp16.'
)
_ACTIVATION = 'Use ReLU (or hard_swish) instead.'
_NO_GROUPS = (
  'A grouped convolution needs a depthwise and a 1x1 convolution instead.'
)
_NO_TILE = 'Use --output_upsampling=nearest_broadcast or bilinear.'
_FOUR_DIMENSIONS = 'Keep tensors at four dimensions.'

DILATED = (
  'TFLite 2.5 ignores the dilation of dynamic-range weights: convert with '
  '--precision=fp32, fp16 or int8.'
)

# (operator, type of its data or None for any) -> advice if the chosen TFLite
# release lacks the operator.
FOR_RUNTIME = {
  ('TILE', None): _NO_TILE,
  ('EXP', None): _RELU_HEAD,
  ('LOG', None): _RELU_HEAD,
  ('SQRT', None): _RELU_HEAD,
  ('RSQRT', None): _RELU_HEAD,
  ('GELU', None): _ACTIVATION,
  ('RELU_0_TO_1', None): 'Use ReLU6 (keras.activations.hard_sigmoid).',
  ('SIGN', None): 'Use a comparison and a cast, or leave it out.',
  ('CONV_2D', 'FLOAT32'): _NO_GROUPS,
  ('CONV_2D', 'INT8'): _NO_GROUPS,
  ('CONV_2D', 'INT16'): 'Convert with --precision=int8.',
  ('TRANSPOSE_CONV', None): (
    'Use a bilinear Resize and a convolution, or put the activation into a '
    'separate layer.'
  ),
  ('STRIDED_SLICE', None): (
    'Slice with plain begin, end and strides: no ellipsis, no new axis.'
  ),
  ('FULLY_CONNECTED', 'INT8'): (
    'TFLite 2.5 computes wrong values with one scale per channel: use a 1x1 '
    'convolution instead, or convert with --precision=fp32 or fp16.'
  ),
  ('TRANSPOSE', None): 'Keep tensors at five dimensions or fewer.',
  ('PAD', None): _FOUR_DIMENSIONS,
  ('PADV2', None): _FOUR_DIMENSIONS,
  ('BROADCAST_ARGS', None): 'Build the model with a fixed batch size of 1.',
  ('DEQUANTIZE', None): (
    'An operator without an integer kernel reads per-channel weights; convert '
    'with --precision=fp32 or fp16.'
  ),
  ('VAR_HANDLE', None): _UNFROZEN,
  ('READ_VARIABLE', None): _UNFROZEN,
  ('ASSIGN_VARIABLE', None): _UNFROZEN,
  ('CALL_ONCE', None): _UNFROZEN,
}

_UPSAMPLING = (
  'Convert with --output_upsampling=nearest_broadcast, which gives the same '
  'values; inside a network resize bilinearly.'
)
_FLOAT_TAIL = (
  'Compute the end of the network in float (Quantisation.float_tail), or let '
  'the network end in a ReLU and predict depth.'
)
_RELU6 = 'Use ReLU6, whose minimum and maximum are part of the convolution.'

# (operator, type of its data, or of a convolution's weights, or None for any)
# -> advice if XNNPACK does not take the operator.
FOR_XNNPACK = {
  ('RESIZE_NEAREST_NEIGHBOR', None): _UPSAMPLING,
  ('TILE', None): _UPSAMPLING,
  ('GATHER', None): (
    "Make the image size an integer multiple of the depth map's: rows are then "
    'joined, not gathered.'
  ),
  ('HARD_SWISH', 'INT8'): (
    "Train an encoder with ReLU (the gin key encoder_activation = 'relu'), or "
    'convert with --whole_graph, which writes x / 6 * ReLU6(x + 3).'
  ),
  ('RELU', 'INT8'): (
    'It cannot be fused into a convolution, because its input is also read '
    'elsewhere: depth_mai.convert fuses it into a product with one.'
  ),
  ('DEPTHWISE_CONV_2D', 'INT8'): (
    'Convert with --whole_graph, which keeps the kernels of depthwise '
    'convolutions in float: they are small.'
  ),
  ('MAXIMUM', 'INT8'): _RELU6,
  ('MINIMUM', 'INT8'): _RELU6,
  ('AVERAGE_POOL_2D', 'INT8'): 'Use a convolution with a stride.',
  ('PRELU', 'INT8'): 'Use ReLU or LeakyReLU.',
  ('GELU', 'INT8'): 'Use ReLU.',
  ('STRIDED_SLICE', None): 'Use a split, or a resize.',
  ('EXP', 'INT8'): _FLOAT_TAIL,
  ('LOG', 'INT8'): _FLOAT_TAIL,
}


def for_runtime(operator: str, type_name: str) -> str:
  """Returns advice for an operator that a TFLite release lacks, '' if none.

  Args:
    operator: 'TILE', 'CUSTOM:FlexErf' and the like.
    type_name: type of its data, 'INT8' and the like.
  """
  if operator.startswith('CUSTOM:'):
    return (
      'It is not a TFLite builtin (Flex operators come from TensorFlow and are '
      'in no device runtime): replace the layer that makes it.'
    )
  return _find(FOR_RUNTIME, operator, type_name)


def for_xnnpack(operator: str, type_name: str) -> str:
  """Returns advice for an operator outside XNNPACK, '' if none.

  Args:
    operator: 'TILE' and the like.
    type_name: type of its data, or of a convolution's weights.
  """
  advice = _find(FOR_XNNPACK, operator, type_name)
  if not advice and type_name == 'INT16':
    advice = (
      'XNNPACK takes no operator on 16-bit activations: convert with '
      '--precision=int8.'
    )
  return advice


def _find(
  table: dict[tuple[str, str | None], str], operator: str, type_name: str
) -> str:
  """Returns the entry for the exact type, else for any type, else ''."""
  return table.get((operator, type_name)) or table.get((operator, None), '')
