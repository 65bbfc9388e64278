# SPDX-License-Identifier: Apache-2.0
"""Labels photographs with teachers, many at a time.

Threads read the next photographs and write the last labels while the teachers
predict.
"""

from collections import deque
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent import futures
import dataclasses
import os
import pathlib
import time
from typing import Any

import numpy as np

from depth_mai.challenge_folder import folder
from depth_mai.files import problems as problems_lib
from depth_mai.labelling import agreement
from depth_mai.labelling import label_folder
from depth_mai.labelling import teachers as teachers_lib
from depth_mai.pictures import median
from depth_mai.pictures import picture_files
from depth_mai.pictures import picture_folder

# Batches that are read ahead.
_AHEAD = 2
_SECONDS_BETWEEN_LINES = 10


@dataclasses.dataclass(frozen=True)
class Options:
  """How opinions become labels.

  Attributes:
    flip: whether each teacher also sees the mirror image.
    max_disagreement: largest standard deviation of log depth over the opinions
      at which a pixel is known; None for any.
  """

  flip: bool = True
  max_disagreement: float | None = None

  def check(self, teachers: int) -> None:
    """Raises a ValueError for options that a number of teachers cannot have."""
    if self.max_disagreement is None:
      return
    if not self.max_disagreement > 0:
      raise ValueError(
        f'--max_disagreement={self.max_disagreement} must be above 0; 0.1 '
        'stands for about 10 % of the depth.'
      )
    if not self.has_several(teachers):
      raise ValueError(
        '--max_disagreement compares opinions, and one teacher without the '
        'mirror image has only one. Leave it out, give a second --model, or '
        'leave out --noflip.'
      )

  def has_several(self, teachers: int) -> bool:
    """Returns whether there are several opinions on a picture."""
    return self.flip or teachers > 1


@dataclasses.dataclass(frozen=True)
class _Photograph:
  """A photograph that was read.

  Attributes:
    name: its id.
    path: the file.
    size: (height, width), pixels.
    shown: result of `teachers.shown`.
  """

  name: str
  path: pathlib.Path
  size: tuple[int, int]
  shown: list[np.ndarray]


def label_photographs(
  teachers: Sequence[teachers_lib.Teacher],
  inputs: Sequence[str | os.PathLike[str]],
  output_dir: str | os.PathLike[str],
  options: Options = Options(),
  declared: dict[str, str] | None = None,
  overwrite: bool = False,
  report_line: Callable[[str], object] = print,
) -> list[str]:
  """Writes a data set of photographs and their labels.

  A run that was stopped resumes: labels that exist are kept. The files are
  those of label_folder.py; confidence is written where there are several
  opinions.

  Args:
    teachers: at least one.
    inputs: photographs, and folders of them; subfolders are searched, too.
    output_dir: folder of the data set.
    options: see Options.
    declared: what was stated about .tflite files, as it belongs to the origin
      of the labels.
    overwrite: whether labels of other teachers or options are replaced.
    report_line: called with lines of progress.

  Returns:
    A message for each input that has no label.

  Raises:
    ValueError: for options that cannot be used, no photograph, or an output_dir
      with other content.
    OSError: if a label cannot be written.
  """
  options.check(len(teachers))
  if not inputs:
    raise ValueError('No photograph is given; name photographs or folders.')
  _check_apart(inputs, output_dir)
  listing = picture_folder.gather(inputs, subfolders=True)
  if not listing.pictures and not listing.problems:
    raise ValueError('No photograph is given; name photographs or folders.')
  for line in listing.left_out:
    report_line(line)
  origin: dict[str, Any] = {
    'teachers': [{'name': x.name, 'sha256': x.sha256} for x in teachers],
    **dataclasses.asdict(options),
    'declared': declared or {},
    'confidence': agreement.CONFIDENCE_MEANS,
  }
  output = label_folder.LabelFolder(output_dir)
  with output.claimed(origin, overwrite):
    ids, problems = output.ids(listing.pictures)
    problems = listing.problems + problems
    kept = output.labelled() & ids.keys()
    if kept:
      report_line(f'{problems_lib.count(len(kept), "label")} kept.')
    new = {name: path for name, path in ids.items() if name not in kept}
    with futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
      progress = _Progress(len(new), report_line)
      for failures in _label(pool, teachers, new, output, options):
        problems += failures
        progress.add()
    count = output.finish(origin)
  report_line(
    f'{output.root} has {problems_lib.count(count, "labelled photograph")}.'
  )
  return problems


def _check_apart(
  inputs: Sequence[str | os.PathLike[str]], output_dir: str | os.PathLike[str]
) -> None:
  """Refuses inputs and an output of which one contains the other."""
  output = pathlib.Path(output_dir).expanduser().resolve()
  for entry in inputs:
    given = pathlib.Path(entry).resolve()
    if output in (given, *given.parents) or given in output.parents:
      raise ValueError(
        f'--output_dir={output_dir} and the photographs {entry} contain each '
        'other, so labels would become inputs of the next run. Choose another '
        '--output_dir.'
      )


def _label(
  pool: futures.Executor,
  teachers: Sequence[teachers_lib.Teacher],
  photographs: dict[str, pathlib.Path],
  output: label_folder.LabelFolder,
  options: Options,
) -> Iterator[list[str]]:
  """Labels photographs; yields the problems of each, in turn."""
  pending: deque[futures.Future] = deque()
  for batch in _batches(pool, teachers, photographs):
    good = [item for item in batch if isinstance(item, _Photograph)]
    yield from ([item] for item in batch if isinstance(item, str))
    opinions = teachers_lib.opinions_mm(
      teachers,
      [item.name for item in good],
      [item.shown for item in good],
      options.flip,
    )
    with_confidence = options.has_several(len(teachers))
    while len(pending) >= _AHEAD * teachers_lib.BATCH_SIZE:
      yield pending.popleft().result()
    pending.extend(
      pool.submit(_write, output, item, opinion, options, with_confidence)
      for item, opinion in zip(good, opinions, strict=True)
    )
  for writing in pending:
    yield writing.result()


def _batches(
  pool: futures.Executor,
  teachers: Sequence[teachers_lib.Teacher],
  photographs: dict[str, pathlib.Path],
) -> Iterator[list[_Photograph | str]]:
  """Yields photographs, or messages for those that cannot be read."""
  items = iter(photographs.items())
  size = teachers_lib.BATCH_SIZE
  pending: deque[futures.Future] = deque()

  def read_ahead():
    while len(pending) < (1 + _AHEAD) * size and (item := next(items, None)):
      pending.append(pool.submit(_read, teachers, *item))

  read_ahead()
  while pending:
    count = min(size, len(pending))
    batch = [pending.popleft().result() for _ in range(count)]
    read_ahead()
    yield batch


def _read(
  teachers: Sequence[teachers_lib.Teacher], name: str, path: pathlib.Path
) -> _Photograph | str:
  try:
    rgb_uint8 = picture_files.read_rgb(path)
  except (ValueError, OSError) as error:
    return problems_lib.with_name(str(path), error)
  height, width = rgb_uint8.shape[:2]
  shown = teachers_lib.shown(teachers, rgb_uint8)
  return _Photograph(name, path, (height, width), shown)


def _write(
  output: label_folder.LabelFolder,
  photograph: _Photograph,
  opinions_mm: list[np.ndarray],
  options: Options,
  with_confidence: bool,
) -> list[str]:
  """Joins opinions and writes the label; returns problems instead."""
  if not all(np.isfinite(opinion_mm).all() for opinion_mm in opinions_mm):
    return [
      f'{photograph.path}: a teacher predicts depth that is NaN or infinite. '
      'Cure: use its float32 form.'
    ]
  label = agreement.join(opinions_mm, photograph.size, options.max_disagreement)
  known_mm = label.depth_mm[label.depth_mm > 0]
  if not known_mm.size:
    return [
      f'{photograph.path}: the teachers disagree everywhere. Cure: a larger '
      '--max_disagreement, or leave it out.'
    ]
  median_mm = median.median(known_mm)
  # What training would refuse.
  if not folder.MIN_MEDIAN_MM <= median_mm <= folder.MAX_MEDIAN_MM:
    return [
      f'{photograph.path}: the median of its depth would be '
      f'{median_mm:g} mm, which no photograph has. Cure: check the '
      "teachers' unit (--unit), or leave it out."
    ]
  output.write(photograph.name, photograph.path, label, with_confidence)
  return []


class _Progress:
  """Reports how many photographs are done, now and then."""

  def __init__(self, total: int, report_line: Callable[[str], object]):
    self._total, self._report_line = total, report_line
    self._done = 0
    self._start_s = self._last_s = time.monotonic()

  def add(self) -> None:
    """Counts a photograph."""
    self._done += 1
    now_s = time.monotonic()
    if (
      self._done == self._total
      or now_s - self._last_s >= _SECONDS_BETWEEN_LINES
    ):
      self._last_s = now_s
      speed = self._done / max(1e-9, now_s - self._start_s)
      self._report_line(
        f'[{self._done}/{self._total}] {speed:.1f} photographs per second'
      )
