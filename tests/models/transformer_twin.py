# SPDX-License-Identifier: Apache-2.0
"""Swin, ViT and DPT in NumPy, from tensors with their published names.

Shapes and arithmetic follow the papers and their authors' PyTorch code; nothing
is shared with the layers that the tests compare with. Maps are [H, W, C].
"""

import math

import numpy as np

_erf = np.vectorize(math.erf)


def random_tensors(shapes, seed=0):
  """Returns float32 tensors of these shapes, unlike the initial ones."""
  rng = np.random.default_rng(seed)
  tensors = {}
  for name, shape in shapes.items():
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 1
    noise = rng.normal(size=shape) / math.sqrt(fan_in)
    scales = 'norm' in name and name.endswith('weight') and len(shape) == 1
    tensors[name] = np.float32(0.3 * noise + 1 if scales else noise)
  return tensors


def count(shapes):
  """Returns the number of parameters."""
  return sum(math.prod(shape) for shape in shapes.values())


def _layer(name, *weight):
  return {f'{name}.weight': weight, f'{name}.bias': weight[:1]}


def _block(name, channels):
  return {
    **_layer(f'{name}.norm1', channels),
    **_layer(f'{name}.attn.qkv', 3 * channels, channels),
    **_layer(f'{name}.attn.proj', channels, channels),
    **_layer(f'{name}.norm2', channels),
    **_layer(f'{name}.mlp.fc1', 4 * channels, channels),
    **_layer(f'{name}.mlp.fc2', channels, 4 * channels),
  }


def swin_shapes(embedding, depths, heads, window, timm=False):
  """Returns the shapes of a Swin Transformer's encoder by their names.

  Args:
    embedding: channels of the first stage.
    depths: blocks of each stage.
    heads: heads of each stage.
    window: side of the windows.
    timm: whether the names are those of today's timm, not the authors'.
  """
  shapes = {
    **_layer('patch_embed.proj', embedding, 3, 4, 4),
    **_layer('patch_embed.norm', embedding),
  }
  channels = embedding
  for stage, (depth, head) in enumerate(zip(depths, heads, strict=True)):
    if stage:
      merge = f'layers.{stage if timm else stage - 1}.downsample'
      shapes |= _layer(f'{merge}.norm', 4 * channels)
      shapes[f'{merge}.reduction.weight'] = (2 * channels, 4 * channels)
      channels *= 2
    for block in range(depth):
      name = f'layers.{stage}.blocks.{block}'
      shapes |= _block(name, channels)
      table = ((2 * window - 1) ** 2, head)
      shapes[f'{name}.attn.relative_position_bias_table'] = table
  return shapes


def classifier_shapes(channels, classes=1000):
  """Returns the shapes of the last norm and the classifier."""
  return {**_layer('norm', channels), **_layer('head', classes, channels)}


def vit_shapes(embedding, blocks, patches, prefix=''):
  """Returns the shapes of a ViT's encoder by the names of timm."""
  shapes = {
    'cls_token': (1, 1, embedding),
    'pos_embed': (1, 1 + patches, embedding),
    **_layer('patch_embed.proj', embedding, 3, 16, 16),
  }
  for block in range(blocks):
    shapes |= _block(f'blocks.{block}', embedding)
  return {f'{prefix}{name}': shape for name, shape in shapes.items()}


def dpt_decoder_shapes(embedding, reassembled, features):
  """Returns the shapes of MiDaS' DPT after the encoder."""
  shapes = {}
  kernels = {1: 4, 2: 2, 4: 3}
  for level, filters in enumerate(reassembled, start=1):
    tokens = f'pretrained.act_postprocess{level}'
    shapes |= _layer(f'{tokens}.0.project.0', embedding, 2 * embedding)
    shapes |= _layer(f'{tokens}.3', filters, embedding, 1, 1)
    if level in kernels:
      kernel = kernels[level]
      shapes |= _layer(f'{tokens}.4', filters, filters, kernel, kernel)
    shapes[f'scratch.layer{level}_rn.weight'] = (features, filters, 3, 3)
    fusion = f'scratch.refinenet{level}'
    shapes |= _layer(f'{fusion}.out_conv', features, features, 1, 1)
    for unit in ('resConfUnit1', 'resConfUnit2'):
      for part in ('conv1', 'conv2'):
        shapes |= _layer(f'{fusion}.{unit}.{part}', features, features, 3, 3)
  head = 'scratch.output_conv'
  return {
    **shapes,
    **_layer(f'{head}.0', features // 2, features, 3, 3),
    **_layer(f'{head}.2', 32, features // 2, 3, 3),
    **_layer(f'{head}.4', 1, 32, 1, 1),
  }


def layer_norm(x, tensors, name, epsilon):
  """Normalises over channels."""
  x = (x - x.mean(-1, keepdims=True)) / np.sqrt(
    x.var(-1, keepdims=True) + epsilon
  )
  return x * tensors[f'{name}.weight'] + tensors[f'{name}.bias']


def linear(x, tensors, name):
  """Applies a linear layer over channels."""
  x = x @ tensors[f'{name}.weight'].T
  return x + tensors.get(f'{name}.bias', 0)


def gelu(x):
  """Returns x Phi(x)."""
  return x * (1 + _erf(x / math.sqrt(2))) / 2


def attention(queries_keys_values, heads, bias=0.0):
  """Attends over tokens [N, 3C]; bias is [heads, N, N]."""
  tokens = len(queries_keys_values)
  x = queries_keys_values.reshape(tokens, 3, heads, -1)
  queries, keys, values = x.transpose(1, 2, 0, 3)
  scores = queries @ keys.transpose(0, 2, 1) / math.sqrt(x.shape[-1]) + bias
  weights = np.exp(scores - scores.max(-1, keepdims=True))
  weights /= weights.sum(-1, keepdims=True)
  return (weights @ values).transpose(1, 0, 2).reshape(tokens, -1)


def window_attention(queries_keys_values, table, heads, window, shift):
  """Attends in windows of a map, as one matrix over all pairs of places.

  A window of the shifted grid that hangs over the border takes in places from
  the other side of the map, which it must not mix with.
  """
  height, width, channels = queries_keys_values.shape
  rows, columns = (x.ravel() for x in np.indices((height, width)))
  # Where the places are in the grid of windows.
  down, right = (rows - shift) % height, (columns - shift) % width
  tile = down // window * width + right // window
  side = 2 * (rows < shift) + (columns < shift)

  def pairs(x):
    return x[:, None], x[None, :]

  def differences(x):
    return np.subtract(*pairs(x))

  relative = (differences(down) + window - 1) * (2 * window - 1)
  relative += differences(right) + window - 1
  together = np.equal(*pairs(tile))
  bias = table[np.where(together, relative, 0)].transpose(2, 0, 1)
  bias = bias - 100.0 * np.not_equal(*pairs(side))
  bias = np.where(together, bias, -np.inf)
  mixed = attention(queries_keys_values.reshape(-1, channels), heads, bias)
  return mixed.reshape(height, width, -1)


def block(x, mix, tensors, name, epsilon):
  """Applies a block; `mix` maps normalised tokens to mixed values."""
  y = mix(layer_norm(x, tensors, f'{name}.norm1', epsilon))
  x = x + linear(y, tensors, f'{name}.attn.proj')
  y = layer_norm(x, tensors, f'{name}.norm2', epsilon)
  y = gelu(linear(y, tensors, f'{name}.mlp.fc1'))
  return x + linear(y, tensors, f'{name}.mlp.fc2')


def patches(picture, tensors, side):
  """Embeds the patches of a normalised picture [H, W, 3]."""
  height, width, _ = picture.shape
  x = picture.reshape(height // side, side, width // side, side, 3)
  x = x.transpose(0, 2, 4, 1, 3).reshape(height // side, width // side, -1)
  weight = tensors['patch_embed.proj.weight']
  bias = tensors['patch_embed.proj.bias']
  return x @ weight.reshape(len(weight), -1).T + bias


def swin(picture, tensors, depths, heads, window, timm=False):
  """Returns the outputs of a Swin Transformer's stages, not normalised."""
  x = patches(picture, tensors, 4)
  x = layer_norm(x, tensors, 'patch_embed.norm', 1e-5)
  stages = []
  for stage, (depth, head) in enumerate(zip(depths, heads, strict=True)):
    if stage:
      merge = f'layers.{stage if timm else stage - 1}.downsample'
      x = np.concatenate(
        [x[0::2, 0::2], x[1::2, 0::2], x[0::2, 1::2], x[1::2, 1::2]], axis=-1
      )
      x = layer_norm(x, tensors, f'{merge}.norm', 1e-5)
      x = linear(x, tensors, f'{merge}.reduction')
    for number in range(depth):
      name = f'layers.{stage}.blocks.{number}'
      shift = window // 2 if number % 2 else 0

      def mix(y, name=name, shift=shift, head=head):
        height, width, _ = y.shape
        y = np.pad(y, ((0, -height % window), (0, -width % window), (0, 0)))
        y = window_attention(
          linear(y, tensors, f'{name}.attn.qkv'),
          tensors[f'{name}.attn.relative_position_bias_table'],
          head,
          window,
          shift,
        )
        return y[:height, :width]

      x = block(x, mix, tensors, name, 1e-5)
    stages.append(x)
  return stages


def vit(picture, tensors, heads, taps):
  """Returns tokens [1 + h w, C] of a ViT after blocks, counted from 1."""
  x = patches(picture, tensors, 16)
  height, width, channels = x.shape
  positions = tensors['pos_embed'][0]
  side = math.isqrt(len(positions) - 1)
  grid = positions[1:].reshape(side, side, channels)
  grid = resize(grid, height, width, aligned=False)
  x = x.reshape(-1, channels) + grid.reshape(-1, channels)
  x = np.concatenate([tensors['cls_token'][0] + positions[:1], x])
  features = []
  for number in range(1, taps[-1] + 1):
    name = f'blocks.{number - 1}'

    def mix(y, name=name):
      return attention(linear(y, tensors, f'{name}.attn.qkv'), heads)

    x = block(x, mix, tensors, name, 1e-6)
    if number in taps:
      features.append(x)
  return features


def resize(x, height, width, aligned=True):
  """Resizes [H, W, C] by bilinear interpolation."""

  def along(x, size):
    places = np.arange(size)
    if aligned:
      places = places * (len(x) - 1) / max(size - 1, 1)
    else:
      places = (places + 0.5) * len(x) / size - 0.5
    columns = x.reshape(len(x), -1).T
    rows = [np.interp(places, np.arange(len(x)), column) for column in columns]
    return np.stack(rows, axis=-1).reshape(size, *x.shape[1:])

  x = along(x, height)
  return along(x.swapaxes(0, 1), width).swapaxes(0, 1)


def conv(x, tensors, name, stride=1):
  """Convolves [H, W, C], with zeros around as PyTorch has them."""
  weight = tensors[f'{name}.weight'].transpose(2, 3, 1, 0)
  kernel = len(weight)
  margin = kernel // 2
  x = np.pad(x, ((margin, margin), (margin, margin), (0, 0)))
  height, width = (side - kernel + 1 for side in x.shape[:2])
  y = sum(
    x[i : i + height, j : j + width] @ weight[i, j]
    for i in range(kernel)
    for j in range(kernel)
  )
  return y[::stride, ::stride] + tensors.get(f'{name}.bias', 0)


def spread(x, tensors, name):
  """Applies a transposed convolution whose stride is its kernel's size."""
  weight = tensors[f'{name}.weight']  # [in, out, k, k].
  kernel = weight.shape[-1]
  y = np.einsum('hwi,iokl->hkwlo', x, weight)
  height, width, _ = x.shape
  return (
    y.reshape(height * kernel, width * kernel, -1) + tensors[f'{name}.bias']
  )


def reassemble(tokens, grid, tensors, level):
  """Makes the map of a level, from 1, of tokens."""
  name = f'pretrained.act_postprocess{level}'
  token = np.broadcast_to(tokens[:1], tokens[1:].shape)
  x = np.concatenate([tokens[1:], token], axis=-1)
  x = gelu(linear(x, tensors, f'{name}.0.project.0'))
  x = conv(x.reshape(*grid, -1), tensors, f'{name}.3')
  if level in (1, 2):
    return spread(x, tensors, f'{name}.4')
  return conv(x, tensors, f'{name}.4', stride=2) if level == 4 else x


def _unit(x, tensors, name):
  y = conv(np.maximum(x, 0), tensors, f'{name}.conv1')
  return x + conv(np.maximum(y, 0), tensors, f'{name}.conv2')


def dpt_features(levels, tensors):
  """Returns the last features before DPT's head, before their ReLU."""
  path = 0
  for level in (4, 3, 2, 1):
    skip = conv(levels[level - 1], tensors, f'scratch.layer{level}_rn')
    fusion = f'scratch.refinenet{level}'
    if level == 4:
      path = skip
    else:
      path = path + _unit(skip, tensors, f'{fusion}.resConfUnit1')
    path = _unit(path, tensors, f'{fusion}.resConfUnit2')
    path = resize(path, 2 * path.shape[0], 2 * path.shape[1])
    path = conv(path, tensors, f'{fusion}.out_conv')
  x = conv(path, tensors, 'scratch.output_conv.0')
  x = resize(x, 2 * x.shape[0], 2 * x.shape[1])
  return conv(x, tensors, 'scratch.output_conv.2')
