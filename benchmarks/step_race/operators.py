# SPDX-License-Identifier: Apache-2.0
"""Measures the operators of a training step with TensorFlow's profiler."""

import collections
from collections.abc import Callable
import pathlib
import re
import tempfile
from typing import NamedTuple

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

# The first pattern that an operator's type matches names its part of the step.
_PARTS = {
  'convolutions, gradient of kernels': r'(?!.*Depthwise).*Conv2DBackpropFilter',
  'convolutions, gradient of inputs': r'(?!.*Depthwise).*Conv2DBackpropInput',
  'convolutions': r'(?!.*Depthwise).*Conv2D',
  'depthwise convolutions and their gradients': r'.*Depthwise',
  'products of matrices (1x1 convolutions, CLBs)': r'.*MatMul',
  'BatchNorm and its gradients': r'.*BatchNorm',
  'activations and their gradients': r'.*Relu|Softplus|Sigmoid',
  'resizing, concatenation and their gradients': (
    r'Resize|Concat|Slice|Gather|Unsorted'
  ),
  'conversions': r'Cast',
  'optimizer, variables': r'ResourceApply|Assign|ReadVariable|L2Loss',
}  # fmt: skip
_REST = 'element by element: loss, decay, averages'


class Part(NamedTuple):
  """What operators of some types take in one step.

  Attributes:
    operators: their number.
    ms: their time, milliseconds.
  """

  operators: float
  ms: float


def measure(step: Callable[[], object], steps: int) -> dict[str, Part]:
  """Profiles a step.

  Args:
    step: runs it; it ran before.
    steps: how often it is profiled.

  Returns:
    What the operators of each type take, by type.
  """
  with tempfile.TemporaryDirectory() as folder:
    with tf.profiler.experimental.Profile(folder):
      for _ in range(steps):
        step()
    (path,) = pathlib.Path(folder).rglob('*.xplane.pb')
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
  count: collections.Counter = collections.Counter()
  picoseconds: collections.Counter = collections.Counter()
  for plane in space.planes:
    for event in (event for line in plane.lines for event in line.events):
      name = plane.event_metadata[event.metadata_id].name
      # Operators are called NAME:TYPE; what runs them NAME::METHOD or NAME: x.
      if match := re.fullmatch(r'[\w/.-]+:(\w+)', name):
        count[match[1]] += 1
        picoseconds[match[1]] += event.duration_ps
  return {
    name: Part(number / steps, picoseconds[name] / 1e9 / steps)
    for name, number in count.items()
  }


def parts(types: dict[str, Part]) -> dict[str, Part]:
  """Sums the types of operators that belong together.

  Args:
    types: from `measure`.

  Returns:
    What the operators of each part of the step take, the longest part first.
  """
  sums: dict[str, Part] = {}
  for name, part in types.items():
    belonging = (x for x, pattern in _PARTS.items() if re.match(pattern, name))
    title = next(belonging, _REST)
    old = sums.get(title, Part(0, 0))
    sums[title] = Part(old.operators + part.operators, old.ms + part.ms)
  return dict(sorted(sums.items(), key=lambda item: -item[1].ms))
