# SPDX-License-Identifier: Apache-2.0
"""The layer that a tensor of a converted file belongs to."""

# Keras opens these scopes inside of a layer's own.
_INNER_SCOPES = ('batchnorm', 'resize')


def layer_name(tensor_name: str) -> str:
  """Returns the layer behind the converter's name of a tensor.

  Args:
    tensor_name: the paths of all operators that were fused into one, e.g.
      'tcl_deployed_1/tcl_1/stem_1/convolution;tcl_deployed_1/...'.

  Returns:
    The layer of the first of them, e.g. 'stem_1'.
  """
  first = tensor_name.split(';')[0]
  scopes = first.split('/')[:-1]
  if len(scopes) > 1 and scopes[-1] in _INNER_SCOPES:
    scopes.pop()
  return scopes[-1] if scopes else first
