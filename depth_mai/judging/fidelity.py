# SPDX-License-Identifier: Apache-2.0
"""Measures a caged file's errors on a split."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import pathlib

import numpy as np

from depth_mai.evaluation import evaluation
from depth_mai.judging import cage as cage_lib
from depth_mai.judging import detection
from depth_mai.judging import fault
from depth_mai.judging import interface
from depth_mai.report import picture
from depth_mai.runtime import image_io

# (id, rgb_uint8 [H, W, 3], depth_mm [H, W])
Pair = tuple[str, np.ndarray, np.ndarray]


class CagedPredictor:
  """Predicts with a file that runs behind bars.

  Attributes:
    batch_size: always 1.
    kept: from the ids that were to be kept to their depth, [h, w] millimetres.
  """

  batch_size = 1

  def __init__(
    self,
    cage: cage_lib.Cage,
    taken: interface.Side,
    given: interface.Side,
    input_range: str,
    unit: str,
    keep: frozenset[str] = frozenset(),
  ):
    """Prepares.

    Args:
      cage: has loaded the file.
      taken: its input.
      given: its output.
      input_range: of `request.INPUT_RANGES`.
      unit: of `request.UNITS`.
      keep: ids of the pictures whose depth is kept.
    """
    self._cage, self._taken, self._given = cage, taken, given
    self._table = interface.encoder(taken, input_range)
    self._mm_per_unit = np.float32(detection.MM_PER_UNIT[unit])
    self._keep, self.kept = keep, {}
    self._pixels, self._not_positive, self._first = 0, 0, None
    self._all_alike, self._images = True, 0

  def predict(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Returns the depth of a picture of any size, in the file's unit.

    Args:
      rgb_uint8: [H, W, 3].

    Returns:
      [h, w] float32, of the output's size; may be not finite.

    Raises:
      fault.FileFaultError: if the file fails.
    """
    sized = image_io.resize_rgb(rgb_uint8, self._taken.size)
    content = interface.picture_bytes(self._taken, self._table, sized)
    return interface.depth(
      self._given, self._cage.run(content, self._given.bytes)
    )

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> list[np.ndarray]:
    """Predicts images, one after another.

    Args:
      names: ids of the images.
      rgb_uint8: N images, [H, W, 3] of any size.

    Returns:
      N depth maps, float32 [h, w] of the output's size, millimetres.

    Raises:
      fault.FileFaultError: if the file fails, or gives what is not finite.
    """
    return [
      self._predict_mm(name, rgb)
      for name, rgb in zip(names, rgb_uint8, strict=True)
    ]

  def warnings(self) -> list[str]:
    """Says what is strange in all that was predicted."""
    found = []
    if self._not_positive:
      share = self._not_positive / self._pixels
      found.append(
        f'{share:.2%} of its depths are 0 or negative; they count as 1 mm.'
      )
    if self._images > 1 and self._all_alike:
      found.append(
        'It gives the same depth map for every picture: it does not look at '
        'them, or --input_range is wrong.'
      )
    return found

  def _predict_mm(self, name: str, rgb_uint8: np.ndarray) -> np.ndarray:
    depth_mm = self.predict(rgb_uint8) * self._mm_per_unit
    bad = depth_mm.size - np.count_nonzero(np.isfinite(depth_mm))
    if bad:
      raise fault.FileFaultError(
        f'Its depth of picture {name} is not finite (NaN or infinite) at {bad} '
        f'of {depth_mm.size} pixels. Its float16 or quantised form may '
        'overflow: convert it as float32 to compare.'
      )
    self._pixels += depth_mm.size
    self._not_positive += int(np.count_nonzero(depth_mm <= 0))
    self._images += 1
    if self._first is None:
      self._first = depth_mm
    self._all_alike &= np.array_equal(depth_mm, self._first)
    if name in self._keep:
      self.kept[name] = depth_mm
    return depth_mm


def measure(
  predictor: CagedPredictor,
  pairs: Iterable[Pair],
  count: int,
  keep: frozenset[str],
  report_done: Callable[[int], object],
) -> tuple[dict, list[Pair]]:
  """Measures the errors of all pictures.

  Args:
    predictor: of the file.
    pairs: the split.
    count: how many of them to measure, the first ones.
    keep: ids of pairs to hand back.
    report_done: is called with the number of pictures that are done.

  Returns:
    (dict of `DepthMetrics.result` and per_image, the pairs that were kept)

  Raises:
    fault.FileFaultError: if the file fails.
    ValueError: if the split cannot be read.
  """
  kept = []

  def watched() -> Iterator[Pair]:
    for done, pair in enumerate(pairs):
      report_done(done)
      if pair[0] in keep:
        kept.append(pair)
      yield pair

  return evaluation.evaluate(predictor, watched(), count), kept


def save_pictures(
  folder: pathlib.Path,
  pairs: Sequence[Pair],
  predicted_mm: dict[str, np.ndarray],
  per_image: dict[str, dict],
) -> list[dict]:
  """Writes picture, prediction, truth and error of some pairs, side by side.

  Args:
    folder: where to; made if missing.
    pairs: to show.
    predicted_mm: [h, w] millimetres by id.
    per_image: of `evaluation.evaluate`.

  Returns:
    A dict for each: id, file (its name in the folder), si_rmse (None where the
    truth knows no pixel).
  """
  saved = []
  for number, (name, rgb_uint8, depth_mm) in enumerate(pairs):
    pred_mm = image_io.resize_depth_mm(predicted_mm[name], depth_mm.shape)
    file = f'depth_{number}.png'
    picture.save_picture(
      folder / file,
      picture.side_by_side(
        rgb_uint8, np.maximum(pred_mm, 1.0) / 1000.0, depth_mm / 1000.0
      ),
    )
    measured = per_image.get(name, {})
    saved.append({'id': name, 'file': file, 'si_rmse': measured.get('si_rmse')})
  return saved
