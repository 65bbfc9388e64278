# SPDX-License-Identifier: Apache-2.0
"""Finds the .tflite files of a folder and says whose they are."""

from collections.abc import Sequence
import os
import pathlib
import typing

from depth_mai.metrics import paper_results as paper_results
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import model_file


class ModelFile(typing.NamedTuple):
  """A file that can be judged.

  Attributes:
    path: where it is.
    file: its path below the folder of models, with '/'.
    system: its name in the leaderboard.
    report_system: the system of the report that it is, or is a variant of;
      None for another network.
    precision: one of `metadata.PRECISIONS`.
    sha256: of its bytes.
  """

  path: pathlib.Path
  file: str
  system: str
  report_system: str | None
  precision: str
  sha256: str


def find_models(
  models_dir: str | os.PathLike[str],
  systems: Sequence[str] | None = None,
  precisions: Sequence[str] | None = None,
) -> tuple[list[ModelFile], list[str]]:
  """Finds the files of a folder and of the folders in it.

  A file <name>_<precision>.tflite, as depth_mai.convert writes it, is of the
  system <name>; so `tcl_96x128_fp32.tflite` stands beside `tcl_fp32.tflite`. A
  file of another name is of the system that its metadata name, or else that it
  is called.

  Args:
    models_dir: the folder.
    systems: the systems wanted; default: all that are there.
    precisions: the precisions wanted; default: all that are there.

  Returns:
    (the files, by system and precision; what is wrong with others, a text each)

  Raises:
    ValueError: if there is no such folder, it holds no file that is wanted, a
      system that is wanted is not there, two files are of the same system and
      precision, or a precision is none.
  """
  models_dir = pathlib.Path(models_dir).expanduser()
  _check_precisions(precisions)
  found, problems = [], []
  for path in _tflite_files(models_dir):
    try:
      found.append(_describe(path, models_dir))
    except (ValueError, OSError) as error:
      problems.append(naming(path.relative_to(models_dir).as_posix(), error))
  there = sorted({model.system for model in found})
  absent = [name for name in systems or () if name not in there]
  if absent:
    raise ValueError(
      f'--systems names {", ".join(absent)}, but the readable files in '
      f'{models_dir} are of {", ".join(there) or "no system"}. Convert the '
      'system there with depth_mai.convert, or leave it out of --systems.'
      + ''.join(f'\n{problem}' for problem in problems)
    )
  chosen = [
    model
    for model in found
    if model.system in (systems or there)
    and model.precision in (precisions or metadata_lib.PRECISIONS)
  ]
  if not chosen:
    raise ValueError(
      f'No .tflite file in {models_dir} can be judged: {len(found)} are '
      f'readable, none of the systems {list(systems or there)} and the '
      f'precisions {list(precisions or metadata_lib.PRECISIONS)}. Change '
      '--models_dir, --systems or --precision.'
      + ''.join(f'\n{problem}' for problem in problems)
    )
  _check_unique(chosen)
  order = metadata_lib.PRECISIONS.index
  chosen.sort(key=lambda model: (model.system, order(model.precision)))
  return chosen, problems


def naming(file: str, error: Exception) -> str:
  """Returns the text of an error, with the file's name in it.

  Args:
    file: the file's path below the folder of models.
    error: what went wrong.
  """
  text = str(error) or type(error).__name__
  return text if file in text else f'{file}: {text}'


def _check_precisions(precisions: Sequence[str] | None) -> None:
  unknown = set(precisions or ()) - set(metadata_lib.PRECISIONS)
  if unknown:
    raise ValueError(
      f'--precision={",".join(precisions)} must be of '
      f'{", ".join(metadata_lib.PRECISIONS)}.'
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
    # Files that are being written begin with a dot.
    if not any(
      part.startswith('.') for part in path.relative_to(models_dir).parts
    )
  ]
  if not files:
    raise ValueError(
      f'{models_dir} holds no .tflite file, nor do the folders in it. Point '
      '--models_dir at the --output_dir of depth_mai.convert.'
    )
  return files


def _describe(path: pathlib.Path, models_dir: pathlib.Path) -> ModelFile:
  metadata = metadata_lib.read_metadata(path)
  stored = metadata.get('precision') or metadata_lib.precision_of(
    graph_lib.read_graph(path)
  )
  name, _, called = path.stem.rpartition('_')
  if not name or called not in metadata_lib.PRECISIONS:
    name, called = metadata.get('system') or path.stem, stored
  if called not in metadata_lib.PRECISIONS:
    raise ValueError(
      f'its precision cannot be told ({called}). Name it '
      f'<system>_<precision>.tflite, with a precision of '
      f'{", ".join(metadata_lib.PRECISIONS)}.'
    )
  if stored not in (None, called):
    raise ValueError(
      f'it is called {called}, but it is {stored}. Rename it, or convert it '
      'again.'
    )
  whose = (name, metadata.get('system'))
  return ModelFile(
    path=path,
    file=path.relative_to(models_dir).as_posix(),
    system=name,
    report_system=next(
      (one for one in whose if one in paper_results.ROWS), None
    ),
    precision=called,
    sha256=model_file.file_sha256(path),
  )


def _check_unique(models: list[ModelFile]) -> None:
  first = {}
  for model in models:
    other = first.setdefault((model.system, model.precision), model)
    if other is not model:
      raise ValueError(
        f'{other.file} and {model.file} are both of the system '
        f'{model.system} in {model.precision}. Move one elsewhere, or rename '
        f'it <name>_{model.precision}.tflite to rank it as a variant.'
      )
