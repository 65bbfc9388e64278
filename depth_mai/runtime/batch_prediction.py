# SPDX-License-Identifier: Apache-2.0
"""Predicts the depth of many pictures and writes the files of each.

A bad picture does not stop the others: errors are collected and returned.
Existing files are overwritten only on request, and pictures with the same name
get result files with different names.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import os
import pathlib
import time
import types

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_files
from depth_mai.pictures import picture_folder
from depth_mai.runtime import image_io
from depth_mai.runtime import model_file

# A path given by the user.
Path = str | os.PathLike[str]

# Writes a file: (path, rgb_uint8 [H, W, 3], depth_m [H, W]).
Write = Callable[[pathlib.Path, np.ndarray, np.ndarray], object]

# Pixels that may be cut off without a word, as a share.
_MOST_OUTSIDE = 0.05
# Nobody takes pictures from so near.
_NEAREST_MEDIAN_MM = 50
_DEPTH, _COLOUR, _SIDE_BY_SIDE = (
  '_depth.png',
  '_colour.png',
  '_side_by_side.png',
)


def predict_files(
  model: model_file.TfliteModel,
  inputs: Sequence[Path],
  output_dir: Path,
  draw: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
  overwrite: bool = False,
  report_line: Callable[[str], object] = print,
  further: Mapping[str, Write] = types.MappingProxyType({}),
  show: Callable[[str, np.ndarray, np.ndarray], object] | None = None,
) -> list[str]:
  """Predicts the depth of pictures and writes the results.

  The files of each picture are `<name>_depth.png` (16 bits, millimetres, of the
  picture's size), `<name>_colour.png` and `<name>_side_by_side.png`.

  Args:
    model: a `model_file.TfliteModel`.
    inputs: pictures and folders of pictures.
    output_dir: folder of the results; created if missing.
    draw: function (rgb_uint8 [H, W, 3], depth_m [H, W]) -> (colour picture,
      side-by-side picture), both uint8 [., ., 3].
    overwrite: whether result files of an earlier run may be replaced.
    report_line: called with one line of progress for each picture.
    further: what writes further files of each picture, by the ending of their
      names, such as '_points.ply'.
    show: called for each picture that was predicted, with its name, rgb_uint8
      and depth_m.

  Returns:
    A message for each input that failed.

  Raises:
    ValueError: there are no inputs, output_dir cannot be used, a result already
      exists (and overwrite is false) or would replace an input.
  """
  if not inputs:
    raise ValueError('No picture is given; name pictures or folders of them.')
  sources, problems, left_out = _find_pictures(inputs, output_dir)
  endings = [_DEPTH, _COLOUR, _SIDE_BY_SIDE, *further]
  _check_outputs(sources, output_dir, endings, overwrite)
  try:
    os.makedirs(output_dir, exist_ok=True)
  except OSError as error:
    raise ValueError(
      f'The folder {output_dir} cannot be created: {error.strerror}; change '
      '--output_dir.'
    ) from error
  for line in left_out:
    report_line(line)
  for number, (name, source) in enumerate(sources.items(), start=1):
    try:
      # The longest of the names, which may be too long.
      longest = max(endings, key=len)
      atomic.check_writable(_output(output_dir, name, longest))
      rgb_uint8, depth_m, line = _predict_one(
        model, source, output_dir, name, draw
      )
      for ending, write in further.items():
        write(_output(output_dir, name, ending), rgb_uint8, depth_m)
      if show:
        show(source.name, rgb_uint8, depth_m)
    except (ValueError, OSError) as error:
      problems.append(problems_lib.with_name(str(source), error))
      line = f'{source}: FAILED'
    report_line(printable.printable(f'[{number}/{len(sources)}] {line}'))
  return problems


def _find_pictures(
  inputs: Sequence[Path], output_dir: Path
) -> tuple[dict[str, pathlib.Path], list[str], list[str]]:
  """Finds the pictures and chooses a unique name for each.

  Args:
    inputs: paths of pictures and folders of pictures.
    output_dir: folder of the results.

  Returns:
    (dict from the name of the result files to the picture, without repeats;
    messages for the inputs that cannot be used; messages for the content of
    folders that is left out)

  Raises:
    ValueError: output_dir is one of the input folders.
  """
  for entry in map(pathlib.Path, inputs):
    if entry.is_dir() and (
      entry.resolve() == pathlib.Path(output_dir).resolve()
    ):
      raise ValueError(
        f'--output_dir is the input folder {entry}: results would become '
        'inputs of the next run. Choose another --output_dir.'
      )
  listing = picture_folder.gather(inputs)
  names = picture_folder.result_names(listing.pictures)
  return names, listing.problems, listing.left_out


def _output(output_dir: Path, name: str, ending: str) -> pathlib.Path:
  """Returns the path of one result file."""
  return pathlib.Path(output_dir) / f'{name}{ending}'


def _check_outputs(
  sources: dict[str, pathlib.Path],
  output_dir: Path,
  endings: Sequence[str],
  overwrite: bool,
) -> None:
  """Raises ValueError if a result would replace an input or another file."""
  outputs = [
    _output(output_dir, name, ending) for name in sources for ending in endings
  ]
  pictures = {source.resolve() for source in sources.values()}
  for output in outputs:
    if output.resolve() in pictures:
      raise ValueError(
        f'The result {output} would replace an input picture; choose another '
        '--output_dir.'
      )
  existing = [output for output in outputs if os.path.lexists(output)]
  if existing and not overwrite:
    raise ValueError(
      f'{len(existing)} of {len(outputs)} result files already exist, the '
      f'first is {existing[0]}; choose another --output_dir or give '
      '--overwrite.'
    )


def _predict_one(
  model: model_file.TfliteModel,
  source: pathlib.Path,
  output_dir: Path,
  name: str,
  draw: Callable,
) -> tuple[np.ndarray, np.ndarray, str]:
  """Predicts one picture and writes its three files.

  Args:
    model: the network.
    source: the picture.
    output_dir: folder of the results.
    name: of the results.
    draw: see `predict_files`.

  Returns:
    (rgb_uint8 [H, W, 3], depth_m [H, W], the line of progress)
  """
  rgb_uint8 = picture_files.read_rgb(source)
  start = time.perf_counter()
  depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
  elapsed_ms = 1e3 * (time.perf_counter() - start)
  target = _output(output_dir, name, _DEPTH)
  picture_files.write_depth_mm(target, depth_mm)
  bounds = challenge.MIN_DEPTH_MM, challenge.MAX_DEPTH_MM
  depth_m = np.clip(depth_mm, *bounds) / challenge.MM_PER_M
  colour, side_by_side = draw(rgb_uint8, depth_m)
  for picture, ending in ((colour, _COLOUR), (side_by_side, _SIDE_BY_SIDE)):
    with atomic.atomic_path(_output(output_dir, name, ending)) as temporary:
      Image.fromarray(picture).save(temporary, format='PNG')
  height, width = depth_mm.shape
  line = (
    f'{source}: {width}x{height}, {elapsed_ms:.1f} ms, median depth '
    f'{np.median(depth_m):.2f} m{_doubt(depth_mm)} -> {target}'
  )
  return rgb_uint8, depth_m, line


def _doubt(depth_mm: np.ndarray) -> str:
  """Returns what is strange about depths, in brackets, or ''."""
  outside = np.mean(
    (depth_mm < challenge.MIN_DEPTH_MM) | (depth_mm > challenge.MAX_DEPTH_MM)
  )
  if outside > _MOST_OUTSIDE:
    return (
      f' ({outside:.0%} of the pixels were cut off at 1 mm or 65.535 m: is the '
      'unit right, and is it depth?)'
    )
  if np.median(depth_mm) < _NEAREST_MEDIAN_MM:
    return ' (very near: is the unit right?)'
  return ''
