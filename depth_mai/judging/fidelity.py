# SPDX-License-Identifier: Apache-2.0
"""Measures the errors of a sandboxed file on a split."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import pathlib

import numpy as np

from depth_mai import challenge
from depth_mai.evaluation import evaluation
from depth_mai.judging import interface
from depth_mai.judging import sandbox
from depth_mai.judging import verdict
from depth_mai.report import picture
from depth_mai.runtime import image_io

# (id, rgb_uint8 [H, W, 3], depth_mm [H, W])
Pair = tuple[str, np.ndarray, np.ndarray]


class SandboxedPredictor:
  """Predicts with a file in the sandbox.

  Attributes:
    batch_size: always 1.
    keep: ids of the pictures whose prediction is kept.
    kept: predictions by id, [h, w] millimetres.
  """

  batch_size = 1

  def __init__(
    self,
    box: sandbox.Sandbox,
    taken: interface.Side,
    given: interface.Side,
    input_range: str,
    unit: str,
    keep: frozenset[str] = frozenset(),
  ):
    """Prepares.

    Args:
      box: has loaded the file.
      taken: input of the file.
      given: output of the file.
      input_range: name in `request.INPUT_RANGES`.
      unit: unit of the output, in `request.UNITS`.
      keep: ids of the pictures whose prediction is kept.
    """
    self._box, self._taken, self._given = box, taken, given
    self._table = interface.encoder(taken, input_range)
    self._mm_per_unit = np.float32(challenge.MM_PER_UNIT[unit])
    self.keep, self.kept = keep, {}
    self._pixels, self._not_positive, self._first = 0, 0, None
    self._all_alike, self._images = True, 0

  def predict(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Predicts the depth of a picture of any size, in the file's unit.

    Args:
      rgb_uint8: [H, W, 3].

    Returns:
      [h, w] float32, of the output's size; may contain NaN and infinity.

    Raises:
      verdict.FileFaultError: if the file fails.
    """
    sized = image_io.resize_rgb(rgb_uint8, self._taken.size)
    content = interface.picture_bytes(self._taken, self._table, sized)
    return interface.depth(
      self._given, self._box.run(content, self._given.bytes)
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
      verdict.FileFaultError: if the file fails, or a depth is not finite.
    """
    return [
      self._predict_mm(name, rgb)
      for name, rgb in zip(names, rgb_uint8, strict=True)
    ]

  def warnings(self) -> list[str]:
    """Returns warnings about all predictions so far."""
    found = []
    if self._not_positive:
      share = self._not_positive / self._pixels
      found.append(
        f'{share:.2%} of its depths are 0 or negative; they count as 1 mm.'
      )
    if self._images > 1 and self._all_alike:
      found.append(
        'It predicts the same depth map for every picture: it ignores its '
        'input, or --input_range is wrong.'
      )
    return found

  def _predict_mm(self, name: str, rgb_uint8: np.ndarray) -> np.ndarray:
    depth_mm = self.predict(rgb_uint8) * self._mm_per_unit
    bad = depth_mm.size - np.count_nonzero(np.isfinite(depth_mm))
    if bad:
      raise verdict.FileFaultError(
        f'Its depth of picture {name} is not finite (NaN or infinite) at {bad} '
        f'of {depth_mm.size} pixels. A float16 or quantised file may overflow: '
        'convert it as float32 to compare.'
      )
    self._pixels += depth_mm.size
    self._not_positive += int(np.count_nonzero(depth_mm <= 0))
    self._images += 1
    if self._first is None:
      self._first = depth_mm
    self._all_alike &= np.array_equal(depth_mm, self._first)
    if name in self.keep:
      self.kept[name] = depth_mm
    return depth_mm


def measure(
  predictor: SandboxedPredictor,
  pairs: Iterable[Pair],
  count: int,
  report_done: Callable[[int], object],
) -> tuple[dict, list[Pair]]:
  """Measures the errors of all pictures.

  Args:
    predictor: predicts with the file.
    pairs: the split.
    count: measure the first `count` pairs.
    report_done: called with the number of measured pictures.

  Returns:
    (result of `evaluation.evaluate`, the pairs whose ids are in
    `predictor.keep`)

  Raises:
    verdict.FileFaultError: if the file fails.
    ValueError: if the split cannot be read.
  """
  kept = []

  def watched() -> Iterator[Pair]:
    for done, pair in enumerate(pairs):
      report_done(done)
      if pair[0] in predictor.keep:
        kept.append(pair)
      yield pair

  return evaluation.evaluate(predictor, watched(), count), kept


def save_pictures(
  folder: pathlib.Path,
  pairs: Sequence[Pair],
  predicted_mm: dict[str, np.ndarray],
  per_image: dict[str, dict],
) -> list[dict]:
  """Writes input, prediction, truth and error of some pairs side by side.

  Args:
    folder: output folder; made if missing.
    pairs: the pairs to show.
    predicted_mm: [h, w] millimetres by id.
    per_image: from `evaluation.evaluate`.

  Returns:
    A dict for each pair: id, file (its name in the folder), si_rmse (None if no
    pixel of the truth is known).
  """
  saved = []
  for number, (name, rgb_uint8, depth_mm) in enumerate(pairs):
    pred_mm = image_io.resize_depth_mm(predicted_mm[name], depth_mm.shape)
    file = f'depth_{number}.png'
    picture.save_picture(
      folder / file,
      picture.side_by_side(
        rgb_uint8,
        np.maximum(pred_mm, 1.0) / challenge.MM_PER_M,
        depth_mm / challenge.MM_PER_M,
      ),
    )
    measured = per_image.get(name, {})
    saved.append({'id': name, 'file': file, 'si_rmse': measured.get('si_rmse')})
  return saved
