# SPDX-License-Identifier: Apache-2.0
"""Describes the inputs and outputs of a loaded .tflite file, ready for JSON."""

from __future__ import annotations

import collections
import re
import typing

import numpy as np

# Most tensors of a side, most sizes of a shape, most characters of a name.
_TENSORS, _SIZES, _LETTERS = 32, 8, 80
# Words in names of outputs that are not depth itself.
_NO_DEPTH = frozenset(
  'conf confidence disp disparity edge inv inverse mask normal std unc '
  'uncertainty valid var variance'.split()
)


class TensorDescription(typing.NamedTuple):
  """An input or an output of a file.

  Attributes:
    name: name of the tensor.
    shape: its shape as allocated.
    signature: its shape in the file, -1 for each open size.
    type: name of its NumPy type.
    scale: real value of one quantisation step; 0 without quantisation.
    zero_point: the number that stands for 0.
    signature_names: its names in the file's signatures.
  """

  name: str
  shape: list[int]
  signature: list[int]
  type: str
  scale: float = 0.0
  zero_point: int = 0
  signature_names: list[str] = []

  @property
  def says_depth(self) -> bool:
    """Whether a name says 'depth', and not that of something about depth."""
    words = [
      set(re.findall('[a-z]+', name.lower()))
      for name in (self.name, *self.signature_names)
    ]
    return any('depth' in some and not some & _NO_DEPTH for some in words)


def describe(interpreter: typing.Any) -> dict[str, list[TensorDescription]]:
  """Describes a file.

  Args:
    interpreter: allocated interpreter.

  Returns:
    {'inputs': ..., 'outputs': ...}, in the order of the graph, whatever the
    order of a signature is.
  """
  names = _signature_names(interpreter)
  return {
    side: [
      _describe(detail, names[side, detail['index']])
      for detail in details[:_TENSORS]
    ]
    for side, details in (
      ('inputs', interpreter.get_input_details()),
      ('outputs', interpreter.get_output_details()),
    )
  }


def _signature_names(
  interpreter: typing.Any,
) -> collections.defaultdict[tuple[str, int], list[str]]:
  """Returns the names in signatures by side and index of the tensor."""
  names = collections.defaultdict(list)
  # Public methods give the names without their tensors.
  read = getattr(interpreter, '_get_full_signature_list', dict)
  for signature in read().values():
    for side in ('inputs', 'outputs'):
      for name, index in signature.get(side, {}).items():
        names[side, index].append(name[:_LETTERS])
  return names


def _describe(
  detail: dict[str, typing.Any], signature_names: list[str]
) -> TensorDescription:
  signature = detail.get('shape_signature')
  if signature is None or len(signature) != len(detail['shape']):
    signature = detail['shape']
  scale, zero_point = detail['quantization']
  return TensorDescription(
    detail['name'][:_LETTERS],
    [int(size) for size in detail['shape'][:_SIZES]],
    [int(size) for size in signature[:_SIZES]],
    np.dtype(detail['dtype']).name,
    float(scale) if np.isfinite(scale) else 0.0,
    int(zero_point),
    signature_names[:_SIZES],
  )
