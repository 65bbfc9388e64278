# SPDX-License-Identifier: Apache-2.0
"""Predicts with a sandboxed file, and saves pictures of its depth."""

from collections.abc import Iterable
from collections.abc import Sequence
import pathlib

import numpy as np

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.judging import sandbox
from depth_mai.judging import verdict
from depth_mai.report import picture
from depth_mai.runtime import image_io
from depth_mai.runtime import model_interface


class SandboxedPredictor:
  """Predicts with a file in the sandbox.

  Attributes:
    batch_size: always 1.
  """

  batch_size = 1

  def __init__(
    self, box: sandbox.Sandbox, interface: model_interface.ModelInterface
  ):
    """Uses a sandbox.

    Args:
      box: a sandbox that has loaded the file.
      interface: input, output, range and unit of the file.
    """
    self._box, self._interface = box, interface
    self._first: np.ndarray | None = None
    self._pixels, self._not_positive = 0, 0
    self._all_equal, self._images = True, 0

  def predict(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Predicts the depth of a picture of any size.

    Args:
      rgb_uint8: [H, W, 3].

    Returns:
      [h, w] float32, millimetres, of the output's size; may contain NaN and
      infinity.

    Raises:
      verdict.FileFaultError: if the file fails.
    """
    interface = self._interface
    resized = image_io.resize_rgb(rgb_uint8, interface.input.size)
    content = self._box.run(
      interface.encode(resized).tobytes(),
      interface.output.bytes,
      interface.output_place,
    )
    numbers = np.frombuffer(content, interface.output.type_name)
    return interface.decode_mm(numbers)

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
    if self._images > 1 and self._all_equal:
      found.append(
        'It predicts the same depth map for every picture: it ignores its '
        'input, or --input_range is wrong.'
      )
    return found

  def _predict_mm(self, name: str, rgb_uint8: np.ndarray) -> np.ndarray:
    depth_mm = self.predict(rgb_uint8)
    bad = depth_mm.size - np.count_nonzero(np.isfinite(depth_mm))
    if bad:
      raise verdict.FileFaultError(
        f'Its depth of picture {printable.printable(name)} is not finite (NaN '
        f'or infinite) at {bad} of {depth_mm.size} pixels. A float16 or '
        'quantised file may overflow: convert it as float32 to compare.'
      )
    self._pixels += depth_mm.size
    self._not_positive += int(np.count_nonzero(depth_mm <= 0))
    self._images += 1
    if self._first is None:
      self._first = depth_mm
    self._all_equal &= np.array_equal(depth_mm, self._first)
    return depth_mm


def save_pictures(
  folder: pathlib.Path,
  images: Iterable[tuple[str, np.ndarray, np.ndarray, np.ndarray]],
  per_image: dict[str, dict],
) -> list[dict]:
  """Writes input, prediction, truth and error of some images side by side.

  Args:
    folder: output folder; made if missing.
    images: (id, rgb_uint8 [H, W, 3], pred_mm [H, W], depth_mm [H, W]) each.
    per_image: from `evaluation.evaluate`.

  Returns:
    A dict for each image: id, file (its name in the folder), si_rmse (None if
    no pixel of the truth is known).
  """
  saved = []
  for number, (name, rgb_uint8, pred_mm, depth_mm) in enumerate(images):
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
    saved.append(
      {
        'id': printable.printable(name),
        'file': file,
        'si_rmse': measured.get('si_rmse'),
      }
    )
  return saved
