# SPDX-License-Identifier: Apache-2.0
"""Writes a leaderboard: tables, JSON, plot, depth pictures and a page."""

from collections.abc import Callable
import json
import os
import pathlib

from depth_mai.data import source
from depth_mai.files import atomic
from depth_mai.ranking import examples
from depth_mai.ranking import leaderboard_text as tables
from depth_mai.report import leaderboard_page
from depth_mai.report import leaderboard_pictures
from depth_mai.report import leaderboard_plot

NAME = 'leaderboard'
_PICTURES_NOTE = (
  'Evenly spaced through the split, before anything was predicted.'
)


def write_tables(
  leaderboard: dict, output_dir: str | os.PathLike[str]
) -> list[pathlib.Path]:
  """Writes leaderboard.json, leaderboard.txt and leaderboard.md.

  Args:
    leaderboard: of `standings.assemble`.
    output_dir: where to; made if missing.

  Returns:
    The files.
  """
  target = pathlib.Path(output_dir).expanduser() / NAME
  contents = {
    '.json': json.dumps(leaderboard, indent=2, allow_nan=False) + '\n',
    '.txt': tables.text(leaderboard),
    '.md': tables.markdown(leaderboard),
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
  """Writes leaderboard.html, and the two pictures in it beside it.

  Without matplotlib, as on a device, there is no plot.

  Args:
    leaderboard: of `standings.assemble`.
    models_dir: the folder in which the ranked files lie.
    data_dir: challenge folder or prepared tfds directory.
    output_dir: where to; made if missing.
    command: what made the leaderboard.
    report_line: takes a line if there is no plot.

  Returns:
    The files.

  Raises:
    ValueError: if a file or a picture cannot be read.
  """
  target = pathlib.Path(output_dir).expanduser() / NAME
  pictures_path = target.with_name(f'{NAME}_pictures.png')
  plot_path = target.with_name(f'{NAME}_plot.png')
  page_path = target.with_suffix('.html')

  data = leaderboard['data']
  shown = examples.predict(
    {
      row['system']: pathlib.Path(models_dir).expanduser() / row['file']
      for row in leaderboard['rows']
    },
    source.evaluation_pairs(data_dir, data['split']),
    leaderboard_pictures.example_indices(data['images']),
    leaderboard['device']['threads'],
  )
  leaderboard_pictures.leaderboard_pictures(
    shown.predictions, shown.images, pictures_path
  )
  files = [page_path, pictures_path]
  try:
    leaderboard_plot.save_plot(plot_path, leaderboard)
    files.append(plot_path)
  except ImportError as error:
    report_line(f'No plot: {error}')
    plot_path = None
  leaderboard_page.write_page(
    page_path, leaderboard, plot_path, pictures_path, command, _PICTURES_NOTE
  )
  return files
