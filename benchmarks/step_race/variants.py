# SPDX-License-Identifier: Apache-2.0
"""The training steps that are compared, each in a process."""

from collections.abc import Sequence
import os
import pathlib
import shutil
import sys
from typing import NamedTuple

from benchmarks.step_race import turns

# Without them, glibc returns the memory of large maps after each operator, and
# PyTorch's eager mode spends most of its time in the kernel.
_KEEP_MEMORY = {
  'MALLOC_MMAP_THRESHOLD_': str(1 << 32),
  'MALLOC_TRIM_THRESHOLD_': str(1 << 34),
}


class Variant(NamedTuple):
  """What is timed.

  Attributes:
    title: in the table.
    options: arguments of own_worker or torch_worker between FOLDER and THREADS.
    torch: whether it is PyTorch that trains.
    bfloat16: whether some of the arithmetic is in bfloat16.
  """

  title: str
  options: tuple[str, ...]
  torch: bool = False
  bfloat16: bool = False


def _torch(title: str, *options: str, bfloat16: bool = False) -> Variant:
  return Variant(
    f'PyTorch, {title}', (*options, str(int(bfloat16))), True, bfloat16
  )


OURS = Variant('exact', ('1', 'float32'))
FAST = Variant('fast', ('1', 'bfloat16_convolutions'), bfloat16=True)
COMPARED = {
  'fast': FAST,
  'plain': Variant('exact, BatchNorm of Keras', ('0', 'float32')),
  'eager': _torch('eager', 'contiguous', '0'),
  'channels_last': _torch('channels_last', 'channels_last', '0'),
  'compile': _torch('compile', 'contiguous', '1'),
  'compile_channels_last': _torch(
    'compile, channels_last', 'channels_last', '1'
  ),
  'bfloat16': _torch(
    'channels_last, autocast to bfloat16', 'channels_last', '0', bfloat16=True
  ),
  'compile_bfloat16': _torch(
    'compile, channels_last, autocast to bfloat16',
    *('channels_last', '1'),
    bfloat16=True,
  ),
}


def chosen(
  names: Sequence[str] | None, torch_python: str | None
) -> list[Variant]:
  """Returns our step and those that it is compared with.

  Args:
    names: of COMPARED; None for all that can be run.
    torch_python: an interpreter that has PyTorch, if there is one.

  Raises:
    ValueError: for an unknown name, or if something is missing for one.
  """
  if names is None:
    names = [
      name for name in COMPARED if torch_python or not COMPARED[name].torch
    ]
  for name in names:
    if name not in COMPARED:
      raise ValueError(f'--compared={name} must be of {", ".join(COMPARED)}.')
    if not COMPARED[name].torch:
      continue
    if not torch_python:
      raise ValueError(
        f'--compared={name} needs --torch_python, a Python that has torch.'
      )
    if not shutil.which(torch_python):
      raise ValueError(
        f'--torch_python={torch_python} is no program. Give the path of a '
        'Python interpreter.'
      )
    compiler = os.environ.get('CXX', 'g++')
    if name.startswith('compile') and not shutil.which(compiler):
      raise ValueError(
        f'--compared={name} needs a C++ compiler, and there is no {compiler}. '
        'Install one, or leave this name out of --compared.'
      )
  return [OURS, *(COMPARED[name] for name in names)]


def start(
  variant: Variant,
  folder: pathlib.Path,
  threads: int,
  torch_python: str | None = None,
) -> turns.Worker:
  """Starts the process of a variant.

  Args:
    variant: what it trains with.
    folder: from graph.export; receives its log.
    threads: number of its threads.
    torch_python: see `chosen`.
  """
  python, worker = sys.executable, 'own_worker'
  if variant.torch:
    python, worker = str(torch_python), 'torch_worker'
  return turns.Worker(
    variant.title,
    [
      *(python, '-m', f'benchmarks.step_race.{worker}', str(folder)),
      *variant.options,
      str(threads),
    ],
    folder / f'{variant.title}.log',
    _KEEP_MEMORY if variant.torch else {},
  )
