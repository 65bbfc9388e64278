# SPDX-License-Identifier: Apache-2.0
"""Predicts the depth of many pictures and writes three files for each.

One bad picture does not stop the others: what went wrong is collected and
handed back at the end. Nothing that exists is overwritten unasked, and two
pictures of the same name get files of different names.
"""

from collections.abc import Callable
from collections.abc import Sequence
import os
import pathlib
import time
import typing

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import picture_files
from depth_mai.runtime import image_io
from depth_mai.runtime import model_file

# A path as the user gives it.
Path = str | os.PathLike[str]

_DEPTH, _COLOUR, _SIDE_BY_SIDE = '_depth', '_colour', '_side_by_side'


class Job(typing.NamedTuple):
  """One picture and the name its results get.

  Attributes:
    source: the picture, a pathlib.Path.
    name: stem of the result files.
  """

  source: pathlib.Path
  name: str

  def output(self, output_dir: Path, ending: str) -> pathlib.Path:
    """Returns the path of one result file."""
    return pathlib.Path(output_dir) / f'{self.name}{ending}.png'


def predict_files(
  model: model_file.TfliteModel,
  inputs: Sequence[Path],
  output_dir: Path,
  draw: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
  overwrite: bool = False,
  report_line: Callable[[str], object] = print,
) -> list[str]:
  """Predicts the depth of pictures; writes the results.

  For each picture: `<name>_depth.png` (16 bits, millimetres, the picture's own
  size), `<name>_colour.png` and `<name>_side_by_side.png`.

  Args:
    model: a `model_file.TfliteModel`.
    inputs: pictures and folders of pictures.
    output_dir: where to write; made if missing.
    draw: function (rgb_uint8 [H, W, 3], depth_m [H, W]) -> (colour picture,
      side-by-side picture), both uint8 [., ., 3].
    overwrite: whether result files of an earlier run may be replaced.
    report_line: takes one line of progress per picture.

  Returns:
    list of str, one for each input that failed; empty when all went well.

  Raises:
    ValueError: there are no inputs, output_dir cannot be used, a result exists
      already (and overwrite is false) or would replace an input.
  """
  if not inputs:
    raise ValueError('No picture is given; name pictures or folders of them.')
  jobs, problems = plan_jobs(inputs, output_dir)
  _check_outputs(jobs, output_dir, overwrite)
  try:
    os.makedirs(output_dir, exist_ok=True)
  except OSError as error:
    raise ValueError(
      f'The folder {output_dir} cannot be made: {error.strerror}; change '
      '--output_dir.'
    ) from error
  for number, job in enumerate(jobs, start=1):
    try:
      line = _predict_one(model, job, output_dir, draw)
    except (ValueError, OSError) as error:
      problems.append(_naming(job.source, error))
      line = f'{job.source}: FAILED'
    report_line(f'[{number}/{len(jobs)}] {line}')
  return problems


def plan_jobs(
  inputs: Sequence[Path], output_dir: Path
) -> tuple[list[Job], list[str]]:
  """Finds the pictures and gives each a name of its own.

  A picture keeps its stem as name; where several have the same (upper and
  lower case apart), the first keeps it and the others become <stem>_2, ...

  Args:
    inputs: pictures and folders of pictures, paths.
    output_dir: where the results go.

  Returns:
    (list of Job without repeats, list of str: inputs that cannot be used)

  Raises:
    ValueError: output_dir is one of the input folders.
  """
  sources, problems = {}, []
  for entry in map(pathlib.Path, inputs):
    if not entry.is_dir():
      sources.setdefault(entry.resolve(), entry)
      continue
    if entry.resolve() == pathlib.Path(output_dir).resolve():
      raise ValueError(
        f'--output_dir is the input folder {entry}: results would become '
        'inputs of the next run. Choose another --output_dir.'
      )
    try:
      for image in image_io.list_images(entry):
        sources.setdefault(image.resolve(), image)
    except ValueError as error:
      problems.append(str(error))
  taken = {}
  for source in sources.values():
    taken.setdefault(source.stem.casefold(), source)
  jobs = []
  for source in sources.values():
    name, number = source.stem, 2
    while taken.setdefault(name.casefold(), source) is not source:
      name, number = f'{source.stem}_{number}', number + 1
    jobs.append(Job(source, name))
  return jobs, problems


def _check_outputs(
  jobs: Sequence[Job], output_dir: Path, overwrite: bool
) -> None:
  """Refuses to replace an input, or, unasked, anything at all."""
  sources = {job.source.resolve() for job in jobs}
  outputs = [
    job.output(output_dir, ending)
    for job in jobs
    for ending in (_DEPTH, _COLOUR, _SIDE_BY_SIDE)
  ]
  for output in outputs:
    if output.resolve() in sources:
      raise ValueError(
        f'The result {output} would replace an input picture; choose another '
        '--output_dir.'
      )
  existing = [output for output in outputs if os.path.lexists(output)]
  if existing and not overwrite:
    raise ValueError(
      f'{len(existing)} of {len(outputs)} result files exist already, the '
      f'first is {existing[0]}; choose another --output_dir or give '
      '--overwrite.'
    )


def _predict_one(
  model: model_file.TfliteModel, job: Job, output_dir: Path, draw: Callable
) -> str:
  """Predicts one picture, writes its files, returns its progress line."""
  rgb_uint8 = image_io.load_rgb(job.source)
  start = time.perf_counter()
  depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
  elapsed_ms = 1e3 * (time.perf_counter() - start)
  target = job.output(output_dir, _DEPTH)
  picture_files.write_depth_mm(target, depth_mm)
  bounds = challenge.MIN_DEPTH_MM, challenge.MAX_DEPTH_MM
  depth_m = np.clip(depth_mm, *bounds) / 1e3
  colour, side_by_side = draw(rgb_uint8, depth_m)
  for picture, ending in ((colour, _COLOUR), (side_by_side, _SIDE_BY_SIDE)):
    with atomic.atomic_path(job.output(output_dir, ending)) as temporary:
      Image.fromarray(picture).save(temporary, format='PNG')
  height, width = depth_mm.shape
  return (
    f'{job.source}: {width}x{height}, {elapsed_ms:.1f} ms, median depth '
    f'{np.median(depth_m):.2f} m -> {target}'
  )


def _naming(source: pathlib.Path, error: Exception) -> str:
  """Returns the error's text, with the picture's name in it."""
  text = str(error)
  return text if str(source) in text else f'{source}: {text}'
