# SPDX-License-Identifier: Apache-2.0
"""Joins several opinions on the depth of a picture into a label.

An opinion is the prediction of one teacher for the picture or its mirror image.
Log depth is averaged, so a label is the geometric mean of its opinions. Their
standard deviation in log depth, `spread`, says how much they disagree: 0.1 is
about 10 % of the depth.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np

from depth_mai import challenge
from depth_mai.runtime import image_io

# A confidence of 255 / e stands for this spread [chosen].
CONFIDENCE_SCALE = 0.1
CONFIDENCE_MEANS = (
  '8 bits: 255 * exp(-spread / 0.1), where spread is the standard deviation of '
  'the natural logarithm of depth'
)


@dataclasses.dataclass(frozen=True)
class Label:
  """The depth of a picture, as its teachers see it.

  Attributes:
    depth_mm: [H, W] uint16, millimetres, 0 = unknown.
    confidence: [H, W] uint8, see CONFIDENCE_MEANS.
  """

  depth_mm: np.ndarray
  confidence: np.ndarray


def join(
  opinions_mm: Sequence[np.ndarray],
  size: tuple[int, int],
  max_disagreement: float | None = None,
) -> Label:
  """Makes a label of opinions.

  Args:
    opinions_mm: predicted depth [h, w], millimetres, finite; sizes may differ.
    size: (height, width) of the picture. Log depth is resized bilinearly.
    max_disagreement: largest spread of a known pixel; None for any.

  Returns:
    The label, 1 to 65534 mm where depth is known: 65535 would mean unknown.
  """
  logs = [
    image_io.resize_depth_mm(
      np.log(np.maximum(opinion_mm, challenge.MIN_DEPTH_MM)), size
    )
    for opinion_mm in opinions_mm
  ]
  depth_mm = np.clip(
    np.rint(np.exp(np.mean(logs, axis=0))),
    challenge.MIN_DEPTH_MM,
    challenge.MAX_DEPTH_MM - 1,
  )
  spread = np.std(logs, axis=0)
  if max_disagreement is not None:
    depth_mm[spread > max_disagreement] = 0
  return Label(depth_mm.astype(np.uint16), confidence_of(spread))


def confidence_of(spread: np.ndarray) -> np.ndarray:
  """Returns the confidence, uint8, of a spread; see CONFIDENCE_MEANS."""
  share = np.exp(-np.asarray(spread) / CONFIDENCE_SCALE)
  return np.rint(255 * share).astype(np.uint8)


def spread_of(confidence: np.ndarray) -> np.ndarray:
  """Returns the spread, float32, of a confidence; of 0 it is infinite."""
  with np.errstate(divide='ignore'):
    share = np.asarray(confidence, np.float32) / 255
    return -CONFIDENCE_SCALE * np.log(share)
