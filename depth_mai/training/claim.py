# SPDX-License-Identifier: Apache-2.0
"""Claims the workdir of a run: one process, one configuration, one data set.

The lock is held by the operating system, which releases it when the process
ends, however it ends. What a run is made of is its configuration (config.gin),
its data and its number of steps (data.json).
"""

from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import platform
import sys

from depth_mai.data import fingerprint
from depth_mai.files import atomic
from depth_mai.files import lock
from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.files import workdir as workdir_lib


def stored_data(
  workdir: pathlib.Path, accept_changed_data: bool = False
) -> dict | None:
  """Returns the data of the run in a workdir, None if it is not known.

  Args:
    workdir: folder of a run; it need not exist.
    accept_changed_data: whether a damaged file counts as none.

  Returns:
    {'total_steps', 'splits'}, see `fingerprint.describe`; and 'teacher' of a
    distillation, the SHA-256 of its file.

  Raises:
    ValueError: if the file is damaged.
  """
  path = workdir / workdir_lib.DATA
  try:
    stored = json.loads(regular_files.read_bytes(path))
  except (FileNotFoundError, NotADirectoryError):
    return None
  except (OSError, ValueError, RecursionError):
    stored = None
  if (
    isinstance(stored, dict)
    and fingerprint.is_description(stored.get('splits'))
    and isinstance(stored.get('total_steps'), int)
  ):
    return stored
  if accept_changed_data:
    return None
  raise ValueError(
    f'{path} is damaged, so it cannot be told whether this run has the same '
    'data. If it has, pass --accept_changed_data once.'
  )


def store(
  workdir: pathlib.Path,
  *,
  config: str | None,
  splits: dict,
  total_steps: int,
  precision: str = 'float32',
  teacher: str = '',
) -> None:
  """Writes what the run in a workdir is made of, and the versions.

  Args:
    workdir: folder of a run that is claimed, and whose checkpoint was accepted.
      What follows from a change of the data is stored before, so that it is not
      lost if this process is killed.
    config: the configuration as text; None for none.
    splits: result of `fingerprint.describe`.
    total_steps: number of steps of the whole training.
    precision: see loop.train.
    teacher: SHA-256 of the teacher of a distillation; '' for none.
  """
  if config is not None:
    atomic.write_text(workdir / workdir_lib.CONFIG, config)
  workdir_lib.write_versions(workdir, precision)
  content = {'total_steps': total_steps, 'splits': splits}
  if teacher:
    content['teacher'] = teacher
  atomic.write_json(workdir / workdir_lib.DATA, content)


@contextlib.contextmanager
def claimed(
  workdir: pathlib.Path,
  *,
  config: str | None,
  splits: dict,
  earlier: dict | None,
  total_steps: int,
  accept_changed_data: bool = False,
  teacher: str = '',
) -> Iterator[bool]:
  """Holds a workdir, which is created if it does not exist.

  What killed writers left there is removed.

  Args:
    workdir: folder of the run.
    config: the configuration as text; None to compare none.
    splits: result of `fingerprint.describe`.
    earlier: result of `stored_data`.
    total_steps: number of steps of the whole training.
    accept_changed_data: whether a run may go on with other data.
    teacher: SHA-256 of the teacher of a distillation; '' for none.

  Yields:
    Whether the validation data changed since the run last started.

  Raises:
    ValueError: if another process holds the workdir, or it contains a run with
      another configuration, other data or another teacher, which has saved
      something.
    OSError: if the workdir cannot be written.
  """
  workdir.mkdir(parents=True, exist_ok=True)
  atomic.check_writable_folder(workdir)
  with _locked(workdir):
    for name in ('.', workdir_lib.CHECKPOINTS, workdir_lib.PICTURES):
      atomic.remove_leftovers(workdir / name)
    begun = _has_begun(workdir)
    if begun:
      if config is not None:
        workdir_lib.check_config(workdir, config)
      if earlier:
        _check_teacher(workdir, earlier, teacher)
      if earlier and not accept_changed_data:
        _check_data(workdir, earlier, splits, total_steps)
    if not earlier and (workdir / workdir_lib.CHECKPOINTS).exists():
      print(
        f'{workdir} contains no usable {workdir_lib.DATA}, so the data of its '
        'run is taken to be the same.',
        file=sys.stderr,
      )
    before = earlier['splits'] if earlier and begun else splits
    yield bool(
      fingerprint.difference(*map(_validation_alone, (before, splits)))
    )


def _has_begun(workdir: pathlib.Path) -> bool:
  """Returns whether a run has saved anything; if not, any other may start."""
  names = (workdir_lib.CHECKPOINTS, workdir_lib.BEST, workdir_lib.LAST)
  return any((workdir / name).exists() for name in names)


def _validation_alone(splits: dict) -> dict:
  return {x: y for x, y in splits.items() if x == 'validation'}


def _check_teacher(workdir: pathlib.Path, earlier: dict, teacher: str) -> None:
  stored = str(earlier.get('teacher', ''))
  if stored != teacher:
    before, now = (x[:12] or 'none' for x in (stored, teacher))
    raise ValueError(
      f'{workdir} contains a run with another teacher: the SHA-256 of its file '
      f'begins with {printable.printable(before)}, that of '
      f'Distillation.teacher with {now}. To resume that run, put its teacher '
      'back; to distil from this one, choose another --workdir.'
    )


def _check_data(
  workdir: pathlib.Path, earlier: dict, splits: dict, total_steps: int
) -> None:
  changes = fingerprint.difference(earlier['splits'], splits)
  if total_steps != earlier['total_steps']:
    changes += '; ' if changes else ''
    changes += f'{total_steps} steps instead of {earlier["total_steps"]}'
  if changes:
    raise ValueError(
      f'{workdir} contains a run with other data: {changes}. To train on this '
      'data from the beginning, choose another --workdir; to go on with that '
      f'run, up to step {total_steps} and with this data, pass '
      '--accept_changed_data.'
    )


@contextlib.contextmanager
def _locked(workdir: pathlib.Path) -> Iterator[None]:
  path = workdir / workdir_lib.LOCK
  with contextlib.ExitStack() as stack:
    try:
      stack.enter_context(lock.locked(path, wait=False))
    except BlockingIOError as error:
      owner = printable.printable(path.read_bytes(), most=80) or 'unknown'
      raise ValueError(
        f'{workdir} is in use by another training (process {owner}). Wait '
        'until it has ended, stop it, or choose another --workdir.'
      ) from error
    except OSError as error:
      print(
        f'{workdir} cannot be locked ({error.strerror}); make sure that no '
        'other training uses it.',
        file=sys.stderr,
      )
    else:
      path.write_text(f'{os.getpid()} on {platform.node()}')
    yield
