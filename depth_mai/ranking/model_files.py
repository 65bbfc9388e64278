# SPDX-License-Identifier: Apache-2.0
"""Finds .tflite files in a folder, with their system and precision."""

from collections.abc import Sequence
import os
import pathlib
import typing

from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files
from depth_mai.metrics import paper_results
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import metadata as metadata_lib

# Metadata may name a system at any length.
_MOST_CHARACTERS = 100


class ModelFile(typing.NamedTuple):
  """A file that can be measured.

  Attributes:
    path: the path.
    file: its `shown_name`.
    system: name in the leaderboard, printable.
    paper_system: the system of Table 1, also for a variant of it; None for
      another network.
    precision: one of `metadata.PRECISIONS`.
    sha256: SHA-256 of its bytes.
    declared: what is stated about its interface.
  """

  path: pathlib.Path
  file: str
  system: str
  paper_system: str | None
  precision: str
  sha256: str
  declared: interface_evidence.Declared = interface_evidence.NOTHING


def shown_name(path: pathlib.Path, models_dir: pathlib.Path) -> str:
  """Returns a file's path relative to the folder, with '/', printable."""
  return printable.printable(path.relative_to(models_dir).as_posix())


def find_models(
  models_dir: str | os.PathLike[str],
  systems: Sequence[str] | None = None,
  precisions: Sequence[str] | None = None,
) -> tuple[list[ModelFile], list[str]]:
  """Finds the files in a folder and its subfolders.

  <name>_<precision>.tflite, the name that depth_mai.convert writes, belongs to
  the system <name>; so `tcl_96x128_fp32.tflite` and `tcl_fp32.tflite` are
  ranked separately. A file of another name belongs to the system in its
  metadata, or else to a system with the name of the file.

  Args:
    models_dir: the folder.
    systems: the systems to find; None for all.
    precisions: the precisions to find; None for all.

  Returns:
    (the files by system and precision, a text for each file that cannot be
    read)

  Raises:
    ValueError: if the folder, a system in `systems` or any matching file is
      missing, two files are of the same system and precision, or a precision
      is unknown.
  """
  models_dir = pathlib.Path(models_dir).expanduser()
  precisions = precisions or metadata_lib.PRECISIONS
  if not set(precisions) <= set(metadata_lib.PRECISIONS):
    raise ValueError(
      f'--precision={",".join(precisions)}: the allowed precisions are '
      f'{", ".join(metadata_lib.PRECISIONS)}.'
    )
  found, problems = [], []
  for path in _tflite_files(models_dir):
    try:
      found.append(describe(path, models_dir))
    except (ValueError, OSError) as error:
      name = shown_name(path, models_dir)
      problems.append(problems_lib.with_name(name, error))
  listed = ''.join(f'\n{problem}' for problem in problems)
  present = sorted({model.system for model in found})
  missing = [name for name in systems or () if name not in present]
  if missing:
    raise ValueError(
      f'--systems names {", ".join(missing)}, but the readable files in '
      f'{models_dir} are of {", ".join(present) or "no system"}. Convert the '
      'system there with depth_mai.convert, or leave it out of --systems.'
      f'{listed}'
    )
  systems = systems or present
  chosen = [
    model
    for model in found
    if model.system in systems and model.precision in precisions
  ]
  if not chosen:
    raise ValueError(
      f'No .tflite file in {models_dir} can be judged: {len(found)} are '
      f'readable, but none of the systems {list(systems)} with one of the '
      f'precisions {list(precisions)}. Change --models_dir, --systems or '
      '--precision.'
      f'{listed}'
    )
  _check_unique(chosen)
  order = metadata_lib.PRECISIONS.index
  chosen.sort(key=lambda model: (model.system, order(model.precision)))
  return chosen, problems


def describe(path: pathlib.Path, models_dir: pathlib.Path) -> ModelFile:
  """Describes one file, see `find_models`.

  Args:
    path: a .tflite file.
    models_dir: folder that its shown name is relative to.

  Raises:
    ValueError: if it cannot be read, or its precision is unknown.
  """
  metadata = metadata_lib.read_metadata(path)
  stored = metadata.get('precision') or metadata_lib.precision_of(
    graph_lib.read_graph(path)
  )
  name, _, called = path.stem.rpartition('_')
  if not name or called not in metadata_lib.PRECISIONS:
    name, called = metadata.get('system') or path.stem, str(stored)
  if called not in metadata_lib.PRECISIONS:
    stated = f' ({called})' if stored else ''
    raise ValueError(
      f'its precision is unknown{stated}. Name it '
      f'<system>_<precision>.tflite, with a precision of '
      f'{", ".join(metadata_lib.PRECISIONS)}.'
    )
  if stored not in (None, called):
    raise ValueError(
      f'its precision is {called} by its name, but {stored} by its content. '
      'Rename it, or convert it again.'
    )
  systems = (name, metadata.get('system'))
  return ModelFile(
    path=path,
    file=shown_name(path, models_dir),
    system=printable.printable(name, _MOST_CHARACTERS),
    paper_system=next(
      (one for one in systems if one in paper_results.ROWS), None
    ),
    precision=called,
    sha256=regular_files.sha256(path),
  )


def _tflite_files(models_dir: pathlib.Path) -> list[pathlib.Path]:
  if not models_dir.is_dir():
    raise ValueError(
      f'There is no folder {models_dir}. Point --models_dir at the '
      '--output_dir of depth_mai.convert.'
    )
  files = [
    path
    for path in sorted(models_dir.rglob('*.tflite'))
    # The name of an unfinished file starts with a dot.
    if not any(
      part.startswith('.') for part in path.relative_to(models_dir).parts
    )
  ]
  if not files:
    raise ValueError(
      f'{models_dir} and its subfolders contain no .tflite file. Point '
      '--models_dir at the --output_dir of depth_mai.convert.'
    )
  return files


def _check_unique(models: list[ModelFile]) -> None:
  first: dict[tuple[str, str], ModelFile] = {}
  for model in models:
    other = first.setdefault((model.system, model.precision), model)
    if other is not model:
      raise ValueError(
        f'{other.file} and {model.file} are both of the system '
        f'{model.system} in {model.precision}. Move one elsewhere, or rename '
        f'it <name>_{model.precision}.tflite to rank it as a variant.'
      )
