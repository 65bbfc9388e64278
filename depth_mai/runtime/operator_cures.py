# SPDX-License-Identifier: Apache-2.0
"""What to change in a network when a runtime lacks one of its operators."""

_UNFROZEN = (
  'The graph still holds variables: convert a functional model that is called '
  'with training=False and holds no keras.layers.Resizing or CenterCrop.'
)
_FLOAT_TAIL = (
  'Let the network end in a ReLU and predict depth, or convert with '
  '--precision=fp32 or fp16.'
)
_ACTIVATION = 'Use ReLU (or hard_swish) instead.'

# (operator, type of its data or None for any) -> advice. The exact pair wins.
CURES = {
  ('TILE', 'INT8'): 'Use --output_upsampling=nearest_broadcast or bilinear.',
  ('TILE', None): 'Use --output_upsampling=nearest_broadcast or bilinear.',
  ('EXP', None): _FLOAT_TAIL,
  ('LOG', None): _FLOAT_TAIL,
  ('SQRT', None): _FLOAT_TAIL,
  ('RSQRT', None): _FLOAT_TAIL,
  ('GELU', None): _ACTIVATION,
  ('RELU_0_TO_1', None): 'Use ReLU6 (keras.activations.hard_sigmoid).',
  ('SIGN', None): 'Use a comparison and a cast, or leave it out.',
  ('CONV_2D', 'FLOAT32'): (
    'A grouped convolution needs a depthwise and a 1x1 convolution instead.'
  ),
  ('CONV_2D', 'INT8'): (
    'A grouped convolution needs a depthwise and a 1x1 convolution instead.'
  ),
  ('CONV_2D', 'INT16'): 'Convert with --precision=int8.',
  ('TRANSPOSE_CONV', None): (
    'Use a bilinear Resize and a convolution, or put the activation into a '
    'layer of its own.'
  ),
  ('STRIDED_SLICE', None): (
    'Slice with plain begin, end and strides: no ellipsis, no new axis.'
  ),
  ('TRANSPOSE', None): 'Keep tensors at five dimensions or fewer.',
  ('PAD', None): 'Keep tensors at four dimensions.',
  ('PADV2', None): 'Keep tensors at four dimensions.',
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


def cure(operator: str, type_name: str) -> str:
  """Returns advice for an operator working on a type; '' if there is none.

  Args:
    operator: 'TILE', 'CUSTOM:FlexErf' and the like.
    type_name: 'INT8' and the like.
  """
  if operator.startswith('CUSTOM:'):
    return (
      'It is no TFLite builtin (Flex operators come from TensorFlow and are in '
      'no device runtime): replace the layer that makes it.'
    )
  for key in ((operator, type_name), (operator, None)):
    if key in CURES:
      return CURES[key]
  return ''
