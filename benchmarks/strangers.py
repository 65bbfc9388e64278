# SPDX-License-Identifier: Apache-2.0
r"""Measures .tflite files on folders that they were not trained on.

  python -m benchmarks.strangers --models_dir=tflite DATA/kitchen DATA/street
  python -m benchmarks.strangers --model=tcl --model=icl DATA/indoor

Prints a Markdown table for each folder: the challenge's errors, delta1, and how
far the edges of the predicted depth are from the true ones, in pixels
(metrics/boundary_error.py); then a summary of all folders. A folder has
train/validation/test, of which --split is measured, or just pictures and depth
maps, such as DATA/kitchen/{rgb,depth}. There the unit is found from names and
numbers, or is --depth_unit.

--models_dir measures the INT8 files of a folder, --model a file or the ready
weights of a system. Measurements are stored and not repeated, so the same
command resumes an interrupted run. A file that fails makes the exit code 1.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import itertools
import pathlib
import re
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import stranger_folders
from benchmarks import stranger_measuring
from depth_mai import program
from depth_mai.devices import store as store_lib
from depth_mai.evaluation import alignment
from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import ready_models
from depth_mai.metrics import table
from depth_mai.ranking import model_files
from depth_mai.ranking import stated_interfaces
from depth_mai.report import leaderboard_pictures
from depth_mai.runtime import cpus
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import metadata as metadata_lib

_MODELS_DIR = flags.DEFINE_string(
  'models_dir', None, 'Folder of .tflite files to measure.'
)
_MODEL = program.flag('model', 'A .tflite file to measure.', repeated=True)
_PRECISION = flags.DEFINE_enum(
  'precision',
  'int8',
  metadata_lib.PRECISIONS,
  'Precision of the files in --models_dir, and of ready weights where they '
  'have several.',
)
_DEPTH_UNIT = flags.DEFINE_string(
  'depth_unit',
  None,
  'Unit of the depth maps in all folders without splits: a name in '
  'docs/own_data.md, such as mm, tum or kitti, or the number of units in a '
  'metre. By default names and numbers tell.',
)
_SPLIT = program.flag('split')
_LIMIT = program.flag('limit')
_JSON = program.flag('json', 'the figures')
_PICTURES_DIR = program.flag('pictures_dir')
_PICTURES = flags.DEFINE_integer(
  'pictures', 5, 'Pictures of each folder to draw.', 1
)
_PICTURES_ALIGN = flags.DEFINE_enum(
  'pictures_align',
  'none',
  list(alignment.ALIGNMENTS),
  'Fit each drawn prediction to its true depth first, such as by the median: '
  'then a wrong scale does not hide the shapes. The figures are without it.',
)
_STORE = program.flag('store', default=store_lib.default_path())
_DECLARED = program.interface_flags(
  'By default a file states it, or it is found with the true depth, and said.'
)

_TILE_PX = 320
_COLUMNS = {
  'si_rmse': ('si-RMSE', '.4f'),
  'rmse': ('RMSE m', '.3f'),
  'rel': ('REL', '.4f'),
  'delta1': ('delta1', '.3f'),
  'boundary_accuracy': ('edges: accuracy px', '.2f'),
  'boundary_completeness': ('completeness px', '.2f'),
  'boundary_amount': ('amount', '.2f'),
}

Model = model_files.ModelFile
Figures = stranger_measuring.Figures
say = stranger_measuring.say


def find_models(
  models_dir: str | None,
  given: Sequence[str],
  precision: str,
  declared: interface_evidence.Declared = interface_evidence.NOTHING,
) -> tuple[list[Model], list[str]]:
  """Finds the files to measure.

  Args:
    models_dir: a folder of .tflite files; None for none.
    given: .tflite files, and systems with ready weights.
    precision: of the files in the folder; of ready weights, if they have it.
    declared: what flags state about every file.

  Returns:
    (the files, a text for each file of the folder that cannot be read)

  Raises:
    ValueError: if there is none, or a given one cannot be read.
  """
  models: list[Model] = []
  problems: list[str] = []
  if models_dir is not None:
    stated = stated_interfaces.read(models_dir, declared)
    found, problems = model_files.find_models(
      models_dir, precisions=[precision]
    )
    models += [
      one._replace(declared=stated.get(one.file, declared)) for one in found
    ]
  for name in given:
    found_path = ready_models.model_path(name)
    path = pathlib.Path(found_path).expanduser()
    if found_path == name:
      found = [model_files.describe(path, path.parent)]
    else:
      found, _ = model_files.find_models(path.parent)
      found.sort(key=lambda one: one.precision != precision)
    models.append(found[0]._replace(declared=declared))
  if not models:
    raise ValueError('Give --models_dir=DIR, --model=FILE or --model=SYSTEM.')
  # Files of one system, such as of two trainings, have their paths as names.
  kinds = [(one.system, one.precision) for one in models]
  models = [
    one._replace(system=printable.printable(one.path))
    if kinds.count(kind) > 1
    else one
    for one, kind in zip(models, kinds, strict=True)
  ]
  return models, problems


def folder_table(models: Sequence[Model], figures: Sequence[Figures]) -> str:
  """Returns the table of one folder.

  Args:
    models: the files.
    figures: of each.
  """
  rows = [
    (model.system, model.precision, *(one[name] for name in _COLUMNS))
    for model, one in zip(models, figures, strict=True)
    if one is not None
  ]
  titles, formats = zip(*_COLUMNS.values(), strict=True)
  return table.markdown_table(
    ('model', 'file', *titles), rows, ('', '', *formats)
  )


def summary_table(
  models: Sequence[Model], by_folder: Mapping[str, Sequence[Figures]]
) -> str:
  """Returns the table of all folders: si-RMSE of each, and means over them.

  Args:
    models: the files.
    by_folder: figures of each file, by name of the folder.

  Returns:
    The table; every folder counts alike. The means of a file that failed on a
    folder are left out.
  """
  # Metres of a street would outweigh those of all rooms.
  columns = {name: one for name, one in _COLUMNS.items() if name != 'rmse'}
  rows = []
  for place, model in enumerate(models):
    figures = [found[place] for found in by_folder.values()]
    si_rmse = [None if one is None else one['si_rmse'] for one in figures]
    means: list[float | None] = []
    for name in columns:
      # Sparse depth has no edges, for all files alike.
      values = [one[name] for one in figures if one and one[name] is not None]
      whole = all(figures) and bool(values)
      means.append(float(np.mean(values)) if whole else None)
    rows.append((model.system, model.precision, *si_rmse, *means))
  titles, formats = zip(*columns.values(), strict=True)
  return table.markdown_table(
    ('model', 'file', *by_folder, *(f'mean {title}' for title in titles)),
    rows,
    ('', '', *['.4f'] * len(by_folder), *formats),
  )


def draw(
  models: Sequence[Model],
  folder: stranger_folders.Folder,
  count: int,
  path: pathlib.Path,
  align: str = 'none',
) -> None:
  """Draws some pictures of a folder, a row for each.

  Args:
    models: the files.
    folder: the pairs.
    count: number of pictures, evenly spaced.
    path: the .png file.
    align: one of `alignment.ALIGNMENTS`, for the drawn predictions.
  """
  fit = alignment.ALIGNMENTS[align] or (lambda pred_mm, depth_mm: pred_mm)
  places = leaderboard_pictures.example_indices(folder.images, count)
  pairs = itertools.islice(folder.open(), places[-1] + 1)
  examples = [pair for i, pair in enumerate(pairs) if i in places]
  names, rgbs, truths = zip(*examples, strict=True)
  predictions = {
    model.system: [
      fit(image_io.resize_depth_mm(depth_mm, truth.shape), truth)
      for depth_mm, truth in zip(
        stranger_measuring.open_model(model, folder).predict_mm(names, rgbs),
        truths,
        strict=True,
      )
    ]
    for model in models
  }
  leaderboard_pictures.leaderboard_pictures(
    predictions, examples, path, _TILE_PX
  )


def _names_apart(
  folders: Sequence[stranger_folders.Folder], paths: Sequence[str]
) -> list[stranger_folders.Folder]:
  """Names folders of one name by their paths."""
  names = [folder.name for folder in folders]
  return [
    dataclasses.replace(folder, name=path)
    if names.count(folder.name) > 1
    else folder
    for folder, path in zip(folders, paths, strict=True)
  ]


def run(
  paths: Sequence[str],
  models: Sequence[Model],
  measurer: stranger_measuring.Measurer,
  open_folder: Callable[[str], stranger_folders.Folder],
  pictures_dir: str | None = None,
  pictures: int = 5,
  pictures_align: str = 'none',
) -> tuple[dict[str, Any], list[str]]:
  """Measures files on folders, and prints the tables.

  Args:
    paths: the folders.
    models: the files.
    measurer: measures them.
    open_folder: opens a folder.
    pictures_dir: folder for pictures; None for none.
    pictures: pictures of each folder.
    pictures_align: `align` of `draw`.

  Returns:
    (the content of --json, a text for each file that failed on a folder)

  Raises:
    ValueError: if a folder cannot be read.
  """
  folders = _names_apart([open_folder(path) for path in paths], paths)
  by_folder: dict[str, list[Figures]] = {}
  problems = []
  for folder in folders:
    say(f'{folder.name}: {folder.images} pairs, {folder.depth}')
    figures, failed = measurer.measure(models, folder)
    problems += [f'{folder.name}: {problem}' for problem in failed]
    by_folder[folder.name] = figures
    print(f'\n### {folder.name}, {folder.images} pairs\n')
    print(folder_table(models, figures), flush=True)
    for model, one in zip(models, figures, strict=True):
      for note in one['notes'] if one else ():
        say(f'{folder.name}, {model.file}: {note}')
    measured = [m for m, one in zip(models, figures, strict=True) if one]
    if pictures_dir is not None and measured:
      name = re.sub(r'[^\w.-]+', '_', folder.name).strip('_')
      path = pathlib.Path(pictures_dir, f'{name}.png')
      draw(measured, folder, pictures, path, pictures_align)
      say(f'Wrote {path}')
  if len(folders) > 1:
    print(f'\n### all folders\n\n{summary_table(models, by_folder)}')
  return {
    'folders': [
      {
        'name': folder.name,
        'path': path,
        'images': folder.images,
        'fingerprint': folder.fingerprint,
        'depth': folder.depth,
        'models': [
          {
            'system': model.system,
            'precision': model.precision,
            'file': model.file,
            'sha256': model.sha256,
            **one,
          }
          for model, one in zip(models, by_folder[folder.name], strict=True)
          if one is not None
        ],
      }
      for folder, path in zip(folders, paths, strict=True)
    ]
  }, problems


def main(argv: list[str]) -> int:
  """Measures, and returns the exit code: 1 if a file failed."""
  paths = argv[1:]
  if not paths:
    raise app.UsageError('Name the folders to measure on: DATA/kitchen ...')
  models, problems = find_models(
    _MODELS_DIR.value,
    _MODEL.value or (),
    _PRECISION.value,
    interface_evidence.Declared(**_DECLARED()),
  )
  usable = cpus.usable_cpus()
  workers = cpus.allowed(len(usable) if usable else None, cpus.quota()) or 1
  content, failed = run(
    paths,
    models,
    stranger_measuring.Measurer(store_lib.Store(_STORE.value), workers),
    lambda path: stranger_folders.open_folder(
      path, _SPLIT.value, _LIMIT.value, _DEPTH_UNIT.value
    ),
    _PICTURES_DIR.value,
    _PICTURES.value,
    _PICTURES_ALIGN.value,
  )
  problems += failed
  if _JSON.value is not None:
    atomic.write_json(_JSON.value, {**content, 'problems': problems})
  for problem in problems:
    say(f'not measured: {problem}')
  return 1 if problems else 0


if __name__ == '__main__':
  program.run(main)
