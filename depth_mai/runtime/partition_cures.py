# SPDX-License-Identifier: Apache-2.0
"""What to change where an operator keeps a graph from staying whole."""

_UPSAMPLING = (
  'Convert with --output_upsampling=nearest_broadcast, which gives the same '
  'values; inside of a network resize bilinearly.'
)
_FLOAT_TAIL = (
  'Compute the end of the network in float (Quantisation.float_tail), or let '
  'it end in a ReLU and say depth.'
)
_RELU6 = 'Use ReLU6: minimum and maximum then are part of the convolution.'

# (operator, type of its data, or of a convolution's weights, or None for any)
# -> advice. The exact pair wins.
CURES = {
  ('RESIZE_NEAREST_NEIGHBOR', None): _UPSAMPLING,
  ('TILE', None): _UPSAMPLING,
  ('GATHER', None): (
    'Let the map be an integer fraction of the image, so that rows are joined '
    'and need not be gathered.'
  ),
  ('HARD_SWISH', 'INT8'): (
    "Train an encoder with ReLU (the gin key encoder_activation = 'relu'), or "
    'convert with --whole_graph, which writes x / 6 * ReLU6(x + 3).'
  ),
  ('RELU', 'INT8'): (
    'It is not part of a convolution, as what it reads is read elsewhere too: '
    'depth_mai.convert makes it part of a product with one.'
  ),
  ('DEPTHWISE_CONV_2D', 'INT8'): (
    'Convert with --whole_graph, which keeps kernels of depthwise convolutions '
    'in float: they are small.'
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
_INT16 = (
  'XNNPACK takes nothing of 16-bit activations: convert with --precision=int8.'
)


def cure(operator: str, type_name: str) -> str:
  """Returns advice for an operator outside of XNNPACK; '' if there is none.

  Args:
    operator: 'TILE' and the like.
    type_name: of its data, or of a convolution's weights: 'INT8' and the like.
  """
  for key in ((operator, type_name), (operator, None)):
    if key in CURES:
      return CURES[key]
  return _INT16 if type_name == 'INT16' else ''
