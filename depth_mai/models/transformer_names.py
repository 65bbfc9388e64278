# SPDX-License-Identifier: Apache-2.0
"""The names of tensors in published Swin Transformers, ViTs and DPTs.

Each function maps our names to those of a file, or returns None if the file is
of another network. What its names have in common in front, such as `model.`,
does not matter.

  Swin  microsoft/Swin-Transformer and timm, swin_large_patch4_window7_224
  ViT   timm, vit_large_patch16_224
  DPT   MiDaS and DPT, dpt_large-midas: a ViT of timm, and the decoder
"""

from collections.abc import Collection
import itertools

_PATCHES = 'patch_embed.proj.weight'
# Ours -> theirs, for both transformers.
_BLOCK = {
  'norm1': 'norm1',
  'qkv': 'attn.qkv',
  'proj': 'attn.proj',
  'norm2': 'norm2',
  'fc1': 'mlp.fc1',
  'fc2': 'mlp.fc2',
}
# The children of MiDaS' residual units.
_UNITS = {'skip': 'resConfUnit1', 'unit': 'resConfUnit2'}


def swin(names: Collection[str]) -> dict[str, str] | None:
  """Maps our names to those of a Swin Transformer.

  Args:
    names: all names in the file.
  """
  prefix = _prefix(names)
  bias = 'attn.relative_position_bias_table'
  if prefix is None or f'{prefix}layers.0.blocks.0.{bias}' not in names:
    return None
  theirs = _layer('stem', f'{prefix}patch_embed.proj')
  theirs |= _norm('stem_norm', f'{prefix}patch_embed.norm')
  # The merging ends a stage for its authors and begins the next one in timm.
  merges_first = f'{prefix}layers.0.downsample.norm.weight' not in names
  number = stage = 0
  while blocks := _numbered(names, f'{prefix}layers.{stage}.blocks'):
    if stage:
      place = stage if merges_first else stage - 1
      merge = f'{prefix}layers.{place}.downsample'
      theirs |= _norm(f'block_{number}_merge_norm', f'{merge}.norm')
      theirs[f'block_{number}_reduce/kernel'] = f'{merge}.reduction.weight'
    for block in blocks:
      number += 1
      theirs |= _block(f'block_{number}', block)
      ours = f'block_{number}_attention/relative_position_bias'
      theirs[ours] = f'{block}.{bias}'
    stage += 1
  return theirs


def vision_transformer(names: Collection[str]) -> dict[str, str] | None:
  """Maps our names to those of a ViT, or of a DPT's encoder and decoder.

  Args:
    names: all names in the file.
  """
  prefix = _prefix(names)
  if prefix is None or f'{prefix}blocks.0.attn.qkv.weight' not in names:
    return None
  theirs = _layer('stem', f'{prefix}patch_embed.proj')
  theirs['stem_tokens/class_token'] = f'{prefix}cls_token'
  theirs['stem_tokens/positions'] = f'{prefix}pos_embed'
  for number, block in enumerate(_numbered(names, f'{prefix}blocks'), start=1):
    theirs |= _block(f'block_{number}', block)
  root = prefix.removesuffix('pretrained.model.')
  if f'{root}scratch.layer1_rn.weight' in names:
    theirs |= _dpt_decoder(root)
  return theirs


def _dpt_decoder(root: str) -> dict[str, str]:
  """Maps our names to those of DPT's decoder, with the readout 'project'.

  The last convolution is left out: it predicts inverse depth without scale.
  """
  theirs: dict[str, str] = {}
  for level in range(1, 5):
    tokens = f'{root}pretrained.act_postprocess{level}'
    ours = f'reassemble_{level}'
    theirs |= _layer(f'{ours}_project', f'{tokens}.0.project.0')
    theirs |= _layer(f'{ours}_conv', f'{tokens}.3')
    if level != 3:  # Which keeps its size.
      theirs |= _layer(f'{ours}_resize', f'{tokens}.4')
    scratch = f'{root}scratch.layer{level}_rn.weight'
    theirs[f'lateral_{level}/kernel'] = scratch
    fusion = f'{root}scratch.refinenet{level}'
    theirs |= _layer(f'ffm_{level}_out', f'{fusion}.out_conv')
    for (unit, name), part in itertools.product(_UNITS.items(), (1, 2)):
      if (level, unit) != (4, 'skip'):  # Nothing joins the coarsest level.
        theirs |= _layer(
          f'ffm_{level}_{unit}_{part}', f'{fusion}.{name}.conv{part}'
        )
  theirs |= _layer('head_1', f'{root}scratch.output_conv.0')
  return theirs | _layer('head_2', f'{root}scratch.output_conv.2')


def _prefix(names: Collection[str]) -> str | None:
  """Returns what stands before the names of the encoder."""
  found = [name for name in names if name.endswith(_PATCHES)]
  return found[0].removesuffix(_PATCHES) if len(found) == 1 else None


def _numbered(names: Collection[str], prefix: str) -> list[str]:
  """Returns prefix.0, prefix.1, ..., as far as there are such blocks."""
  blocks: list[str] = []
  while f'{prefix}.{len(blocks)}.norm1.weight' in names:
    blocks.append(f'{prefix}.{len(blocks)}')
  return blocks


def _block(ours: str, theirs: str) -> dict[str, str]:
  """Returns the names of a block's tensors."""
  found: dict[str, str] = {}
  for part, name in _BLOCK.items():
    names = _norm if part.startswith('norm') else _layer
    found |= names(f'{ours}_{part}', f'{theirs}.{name}')
  return found


def _layer(ours: str, theirs: str) -> dict[str, str]:
  """Returns the names of a kernel and a bias."""
  return {
    f'{ours}/kernel': f'{theirs}.weight',
    f'{ours}/bias': f'{theirs}.bias',
  }


def _norm(ours: str, theirs: str) -> dict[str, str]:
  """Returns the names of a LayerNorm's tensors."""
  return {
    f'{ours}/gamma': f'{theirs}.weight',
    f'{ours}/beta': f'{theirs}.bias',
  }
