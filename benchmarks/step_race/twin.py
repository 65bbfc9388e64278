# SPDX-License-Identifier: Apache-2.0
"""The PyTorch twin of a Keras network: the same layers with the same weights.

It has what a PyTorch user would write: its own BatchNorm, and ReLU in place
where nothing else reads the map. Only the padding of strided convolutions is
explicit: TensorFlow's 'same' pads an even map below and to the right alone.

Runs in a Python that has PyTorch and NumPy and nothing of this project's
requirements. PyTorch is never one of them.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

Weights = Mapping[str, np.ndarray]
_Build = Callable[[dict[str, Any], Weights], nn.Module]


class _Function(nn.Module):
  """A layer without weights."""

  def __init__(self, function: Callable[..., torch.Tensor]):
    super().__init__()
    self._function = function

  def forward(self, *maps):
    return self._function(*maps)


class _Padded(nn.Module):
  """A convolution with more padding on one side than on the other."""

  def __init__(self, padding: Sequence[int], convolution: nn.Module):
    super().__init__()
    self._padding = padding
    self.convolution = convolution

  def forward(self, x):
    return self.convolution(functional.pad(x, self._padding))


class _Collapsible(nn.Module):
  """depth_mai/layers/clb.py: a wide linear block, computed as one kernel."""

  def __init__(self, config: dict[str, Any], weights: Weights):
    super().__init__()
    for name in ('expand_kernel', 'expand_bias', 'project_kernel'):
      self.register_parameter(name, _parameter(weights[name]))
    self.project_bias = _parameter(weights['project_bias'])
    size, _, channels, _ = weights['expand_kernel'].shape
    self._padding = size // 2
    identity = None
    if config['residual']:
      identity = torch.zeros(channels, channels, size, size)
      identity[:, :, size // 2, size // 2] = torch.eye(channels)
    self._identity = identity

  def forward(self, x):
    kernel = torch.tensordot(self.expand_kernel, self.project_kernel, dims=1)
    kernel = kernel.permute(3, 2, 0, 1)  # HWIO to OIHW.
    if self._identity is not None:
      kernel = kernel + self._identity
    bias = self.expand_bias @ self.project_kernel + self.project_bias
    return functional.conv2d(x, kernel, bias, padding=self._padding)


class Twin(nn.Module):
  """A network that calls layers in the order of a list."""

  def __init__(
    self, nodes: Sequence[dict[str, Any]], weights: Mapping[str, np.ndarray]
  ):
    """Builds the layers.

    Args:
      nodes: see graph.Node.
      weights: by 'layer/variable'.

    Raises:
      ValueError: for a layer that has no twin.
    """
    super().__init__()
    readers = [name for node in nodes for name in node['inputs']]
    modules, self._calls = [], []
    for node in nodes:
      alone = readers.count(node['inputs'][0]) == 1
      prefix = f'{node["name"]}/'
      own = {
        name.removeprefix(prefix): value
        for name, value in weights.items()
        if name.startswith(prefix)
      }
      modules.append(_layer({**node, 'inplace': alone}, own))
      self._calls.append((node['name'], node['inputs']))
    self.layers = nn.ModuleList(modules)

  def forward(self, rgb):
    """Maps RGB [B, 3, H, W], 0..255, to depth [B, 1, h, w], metres."""
    (first,) = self._calls[0][1]
    maps = {first: rgb}
    for (name, inputs), layer in zip(self._calls, self.layers, strict=True):
      maps[name] = layer(*(maps[x] for x in inputs))
    return maps[name]


def _parameter(values: np.ndarray) -> nn.Parameter:
  return nn.Parameter(torch.tensor(values))


def _layer(node: dict[str, Any], weights: Weights) -> nn.Module:
  if node['kind'] not in _BUILDERS:
    raise ValueError(
      f'The layer {node["name"]} is a {node["kind"]}, which has no PyTorch '
      'twin. Choose another --system, or add it to '
      'benchmarks/step_race/twin.py.'
    )
  return _BUILDERS[node['kind']](node, weights)


def _convolution(node: dict[str, Any], weights: Weights) -> nn.Module:
  config = node['config']
  depthwise = node['kind'] == 'DepthwiseConv2D'
  kernel = weights['kernel']
  groups = kernel.shape[2] if depthwise else config['groups']
  if depthwise:
    height, width, channels, multiplier = kernel.shape
    # Channel c of the input makes the outputs c * multiplier + m.
    kernel = kernel.reshape(height, width, 1, channels * multiplier)
  pairs = [(0, 0), (0, 0)]
  if config['padding'] == 'same':
    pairs = [
      _same_padding(*sizes)
      for sizes in zip(
        node['input_shape'][:2],
        kernel.shape[:2],
        config['strides'],
        config['dilation_rate'],
        strict=True,
      )
    ]
  symmetric = all(before == after for before, after in pairs)
  made = nn.Conv2d(
    kernel.shape[2] * groups,
    kernel.shape[3],
    kernel.shape[:2],
    stride=config['strides'],
    padding=[before for before, _ in pairs] if symmetric else 0,
    dilation=config['dilation_rate'],
    groups=groups,
    bias=config['use_bias'],
  )
  made.weight = _parameter(kernel.transpose(3, 2, 0, 1).copy())
  if config['use_bias']:
    made.bias = _parameter(weights['bias'])
  module = made if symmetric else _Padded([*pairs[1], *pairs[0]], made)
  if config['activation'] == 'linear':
    return module
  return nn.Sequential(module, _activation(config['activation'], True))


def _same_padding(
  size: int, kernel: int, stride: int, dilation: int
) -> tuple[int, int]:
  """Returns what TensorFlow's 'same' adds before and after a side."""
  reach = (kernel - 1) * dilation + 1
  total = max((-(-size // stride) - 1) * stride + reach - size, 0)
  return total // 2, total - total // 2


def _batch_norm(node: dict[str, Any], weights: Weights) -> nn.Module:
  config = node['config']
  made = nn.BatchNorm2d(
    node['input_shape'][-1],
    eps=config['epsilon'],
    momentum=1 - config['momentum'],
  )
  made.weight = _parameter(weights['gamma'])
  made.bias = _parameter(weights['beta'])
  made.running_mean = torch.tensor(weights['moving_mean'])
  made.running_var = torch.tensor(weights['moving_variance'])
  return made


def _relu(node: dict[str, Any], weights: Weights) -> nn.Module:
  limit = node['config']['max_value']
  if limit is None:
    return nn.ReLU(node['inplace'])
  return nn.Hardtanh(0.0, limit, node['inplace'])


def _activation(name: str, inplace: bool) -> nn.Module:
  return {
    'relu': nn.ReLU,
    'hard_sigmoid': nn.Hardsigmoid,
    'hard_silu': nn.Hardswish,
  }[name](inplace)


def _rescaling(node: dict[str, Any], weights: Weights) -> nn.Module:
  scale, offset = (
    torch.tensor(node['config'][name], dtype=torch.float32).reshape(-1, 1, 1)
    for name in ('scale', 'offset')
  )
  return _Function(lambda x: x * scale + offset)


def _resize(node: dict[str, Any], weights: Weights) -> nn.Module:
  size = node['config']['height'], node['config']['width']
  method = node['config']['interpolation']
  return _Function(lambda x: resize(x, size, method))


def resize(x: torch.Tensor, size: Sequence[int], method: str) -> torch.Tensor:
  """Resizes [B, C, h, w] with half-pixel centres.

  Args:
    x: maps.
    size: (height, width).
    method: 'bilinear' or 'nearest'.
  """
  if tuple(x.shape[2:]) == tuple(size):
    return x
  if method == 'nearest':
    return functional.interpolate(x, size, mode='nearest-exact')
  return functional.interpolate(x, size, mode=method, align_corners=False)


def _mean(x: torch.Tensor) -> torch.Tensor:
  return x.mean((2, 3), keepdim=True)


_BUILDERS: dict[str, _Build] = {
  'Activation': lambda node, _: _activation(
    node['config']['activation'], node['inplace']
  ),
  'Add': lambda *_: _Function(lambda x, y: x + y),
  'BatchNormalization': _batch_norm,
  'CollapsibleConv2D': lambda node, weights: _Collapsible(
    node['config'], weights
  ),
  'Concatenate': lambda *_: _Function(lambda *maps: torch.cat(maps, 1)),
  'Conv2D': _convolution,
  'DepthwiseConv2D': _convolution,
  'GlobalAveragePooling2D': lambda *_: _Function(_mean),
  'Multiply': lambda *_: _Function(lambda x, y: x * y),
  'ReLU': _relu,
  'Rescaling': _rescaling,
  'Resize': _resize,
}
