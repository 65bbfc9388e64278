# SPDX-License-Identifier: Apache-2.0
"""Writes a leaderboard: tables, JSON, plot, depth pictures and a page."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import json
import os
import pathlib
import types

import numpy as np

from depth_mai.data import source
from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.ranking import leaderboard_text
from depth_mai.ranking import model_files
from depth_mai.report import leaderboard_page
from depth_mai.report import leaderboard_pictures
from depth_mai.report import leaderboard_plot
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import model_file

NAME = 'leaderboard'
_PICTURES_NOTE = 'Evenly spaced in the split, chosen before any prediction.'


def write_tables(
  leaderboard: dict, output_dir: str | os.PathLike[str]
) -> list[pathlib.Path]:
  """Writes leaderboard.json, leaderboard.txt and leaderboard.md.

  Args:
    leaderboard: result of `leaderboard_content.assemble`.
    output_dir: output folder; made if missing.

  Returns:
    The files.
  """
  target = pathlib.Path(output_dir).expanduser() / NAME
  shown = printable.printable_content(leaderboard)
  contents = {
    '.json': json.dumps(shown, indent=2, allow_nan=False) + '\n',
    '.txt': leaderboard_text.text(shown),
    '.md': leaderboard_text.markdown(shown),
  }
  for suffix, content in contents.items():
    atomic.write_text(target.with_suffix(suffix), content)
  return [target.with_suffix(suffix) for suffix in contents]


def write_page(
  leaderboard: dict,
  models_dir: str | os.PathLike[str],
  data_dir: str | os.PathLike[str],
  output_dir: str | os.PathLike[str],
  command: str = '',
  report_line: Callable[[str], object] = print,
) -> list[pathlib.Path]:
  """Writes leaderboard.html and its two pictures.

  Without matplotlib, as on a device, there is no plot.

  Args:
    leaderboard: result of `leaderboard_content.assemble`.
    models_dir: folder of the ranked files.
    data_dir: challenge folder or prepared tfds directory.
    output_dir: output folder; made if missing.
    command: the command that made the leaderboard.
    report_line: takes a line if there is no plot.

  Returns:
    The files.

  Raises:
    ValueError: if a file or a picture cannot be read, or Jinja2 is not
      installed.
  """
  leaderboard_page.check_installed()
  target = pathlib.Path(output_dir).expanduser() / NAME
  pictures_path = target.with_name(f'{NAME}_pictures.png')
  plot_path = target.with_name(f'{NAME}_plot.png')
  page_path = target.with_suffix('.html')

  data = leaderboard['data']
  models = pathlib.Path(models_dir).expanduser()
  paths = {
    model_files.shown_name(path, models): path
    for path in models.rglob('*.tflite')
  }
  images, predictions = predict_examples(
    {row['system']: paths[row['file']] for row in leaderboard['rows']},
    source.evaluation_pairs(data_dir, data['split']),
    leaderboard_pictures.example_indices(data['images']),
    leaderboard['device']['threads'],
    {
      row['system']: interface_evidence.Declared(**row['interface'])
      for row in leaderboard['rows']
    },
  )
  leaderboard_pictures.leaderboard_pictures(predictions, images, pictures_path)
  files, plot = [page_path, pictures_path], None
  try:
    leaderboard_plot.save_plot(plot_path, leaderboard)
    files.append(plot_path)
    plot = plot_path
  except ImportError as error:
    report_line(f'No plot: {error}')
  leaderboard_page.write_page(
    page_path,
    printable.printable_content(leaderboard),
    plot,
    pictures_path,
    printable.printable(command),
    _PICTURES_NOTE,
  )
  return files


def predict_examples(
  models: Mapping[str, str | os.PathLike[str]],
  pairs: Iterable[tuple[str, np.ndarray, np.ndarray]],
  indices: Collection[int],
  num_threads: int = 1,
  declared: Mapping[str, interface_evidence.Declared] = types.MappingProxyType(
    {}
  ),
) -> tuple[
  list[tuple[str, np.ndarray, np.ndarray]], dict[str, list[np.ndarray]]
]:
  """Predicts a few pictures of a split with each ranked file.

  Args:
    models: from the name of a system to its .tflite file.
    pairs: the split, see `source.evaluation_pairs`.
    indices: indices of the pictures, from 0.
    num_threads: number of threads for the kernels.
    declared: what is stated about the interface of a system's file.

  Returns:
    (the pictures in the order of the split, as `pairs` has them; from the name
    of a system to its depth of each picture, [H, W] float32, millimetres)

  Raises:
    ValueError: if a file cannot be used or a picture cannot be read.
  """
  images = []
  for index, pair in enumerate(pairs):
    if index in indices:
      images.append(pair)
    if len(images) == len(indices):
      break
  predictions = {}
  for name, path in models.items():
    stated = declared.get(name, interface_evidence.NOTHING)
    model = model_file.TfliteModel(path, num_threads, declared=stated)
    predictions[name] = [
      image_io.predict_picture_mm(model, rgb_uint8)
      for _, rgb_uint8, _ in images
    ]
  return images, predictions
