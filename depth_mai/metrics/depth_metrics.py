# SPDX-License-Identifier: Apache-2.0
"""Computes the challenge's four error measures, overall and by distance.

The definitions are those of the organisers' fidelity script (MAI 2021/2022
single-image depth estimation). Both maps are in millimetres; values below 1
are raised to 1; a pixel counts if its ground truth is then above 1, so 0
means "unknown". Let p and d be the predicted and the true depth of the N
counted pixels, and e = ln p - ln d:

  rmse     sqrt(mean((p - d)^2)) / 1000, in metres
  si_rmse  sqrt(mean(e^2) - mean(e)^2), without a unit; it is 0 for a
           prediction that is wrong by one common factor
  log10    mean(|log10 p - log10 d|)
  rel      mean(|p - d| / d)
  delta1   share of pixels with max(p/d, d/p) < 1.25 (delta2: 1.25^2, delta3:
           1.25^3); not part of the challenge, but common in the literature

There is no upper cap, no crop and no median scaling. The organisers do not
state how they average over images: the plain names are means of per-image
values, and the `pooled_` names treat all pixels of all images as one image.
"""

import itertools
import math
from typing import Any

import numpy as np

from depth_mai import challenge

# The names of the per-image metrics.
METRIC_NAMES = (*challenge.METRICS, 'delta1', 'delta2', 'delta3')

# Distance ranges [near, far) of the ground truth, in metres.
RANGE_EDGES_M = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, math.inf)

_MIN_MM = 1.0
_DELTA_BASE = 1.25
# What is summed over pixels.
_SUMS = (
  'pixels', 'squared', 'bias', 'log10', 'rel', 'delta1', 'delta2', 'delta3',
)  # fmt: skip
# Pixels that are measured at once. With fewer, threads wait for each other, as
# every step of NumPy takes Python's lock anew.
_PART = 16384


def image_metrics(
  pred_mm: np.ndarray, depth_mm: np.ndarray
) -> dict[str, float]:
  """Measures one prediction against its ground truth.

  Args:
    pred_mm: [H, W] or [H, W, 1], millimetres, any real type; values below
      1 mm, negative ones included, count as 1 mm. Not modified.
    depth_mm: same shape, millimetres, 0 = unknown. Not modified.

  Returns:
    A dict of floats with the keys METRIC_NAMES; `rmse` is in metres.

  Raises:
    ValueError: if the shapes differ or are not those of one image, if a value
      is not finite, or if no pixel of the ground truth is known.
  """
  image = ImageErrors(pred_mm, depth_mm)
  if not image.pixels:
    raise ValueError(
      'The ground truth has no known pixel (no depth_mm above 1), so its '
      'metrics are undefined. Leave the image out; DepthMetrics.add leaves it '
      'out and counts it.'
    )
  return image.metrics()


class DepthMetrics:
  """Accumulates the metrics of many images.

  Images whose ground truth has no known pixel are skipped and counted as
  `skipped_images`.
  """

  def __init__(self):
    self._per_image: list[dict[str, float]] = []
    self._skipped = 0
    self._moments = _Moments()
    self._range_sums = np.zeros((len(RANGE_EDGES_M) - 1, len(_SUMS)))

  def add(
    self, pred_mm: np.ndarray, depth_mm: np.ndarray
  ) -> dict[str, float] | None:
    """Adds one image.

    Args:
      pred_mm: [H, W] or [H, W, 1], millimetres. Not modified.
      depth_mm: same shape, millimetres, 0 = unknown. Not modified.

    Returns:
      The metrics of this image, see `image_metrics`, or None if it was
      skipped.

    Raises:
      ValueError: if the shapes differ or are not those of one image, or if a
        value is not finite.
    """
    return self.add_errors(ImageErrors(pred_mm, depth_mm))

  def add_errors(self, image: 'ImageErrors') -> dict[str, float] | None:
    """Adds the errors of one image, which another thread may have measured.

    Args:
      image: its errors. The result depends on the order of the images in the
        last digits.

    Returns:
      As `add`.
    """
    if not image.pixels:
      self._skipped += 1
      return None
    self._moments.add(image.moments)
    self._range_sums += image.range_sums
    self._per_image.append(image.metrics())
    return dict(self._per_image[-1])

  @property
  def images(self) -> int:
    """The number of images measured so far."""
    return len(self._per_image)

  def result(self) -> dict[str, Any]:
    """Returns the metrics of all images added so far.

    Returns:
      A dict that `json` can write: the METRIC_NAMES as means of per-image
      values and, with the prefix `pooled_`, over all pixels at once; the counts
      `images`, `skipped_images` and `pixels`; `ranges`, a dict from '0-1 m',
      '1-2 m', ... '16+ m' to the errors of the pixels with ground truth in
      that range: `near_m`, `far_m` (None: no limit), `pixels`, `share`,
      `rmse` and `bias` (mean of p - d) in metres, `log10`, `rel`, `delta1`.
      The errors of a range without pixels are None.

    Raises:
      ValueError: if no image with a known pixel was added.
    """
    if not self._per_image:
      raise ValueError(
        f'No metrics: 0 images measured, {self._skipped} skipped because '
        'their ground truth has no known pixel. Check the data directory and '
        'the split.'
      )
    result: dict[str, Any] = {
      name: math.fsum(image[name] for image in self._per_image) / self.images
      for name in METRIC_NAMES
    }
    total = self._moments.pixels
    pooled = _means(self._range_sums.sum(axis=0))
    pooled['si_rmse'] = math.sqrt(self._moments.deviation / total)
    for name in METRIC_NAMES:
      result[f'pooled_{name}'] = pooled[name]
    result['images'] = self.images
    result['skipped_images'] = self._skipped
    result['pixels'] = total
    result['ranges'] = self._ranges(total)
    return result

  def _ranges(self, total: int) -> dict[str, dict]:
    ranges: dict[str, dict] = {}
    for index, label in enumerate(range_labels()):
      far_m = RANGE_EDGES_M[index + 1]
      sums = self._range_sums[index]
      pixels, means = int(sums[_SUMS.index('pixels')]), _means(sums)
      ranges[label] = {
        'near_m': RANGE_EDGES_M[index],
        'far_m': far_m if math.isfinite(far_m) else None,
        'pixels': pixels,
        'share': pixels / total,
      }
      for name in ('rmse', 'bias', 'log10', 'rel', 'delta1'):
        ranges[label][name] = means[name]
    return ranges


def range_labels() -> list[str]:
  """Returns the names of the distance ranges: '0-1 m', ..., '16+ m'."""
  return [
    f'{near:g}-{far:g} m' if math.isfinite(far) else f'{near:g}+ m'
    for near, far in itertools.pairwise(RANGE_EDGES_M)
  ]


class _Moments:
  """Mean of e and sum of (e - mean)^2 over pixels that come in parts.

  A difference of two large sums would lose the small result, so the parts are
  joined as Chan et al. (1979) do.
  """

  def __init__(
    self, pixels: int = 0, mean: float = 0.0, deviation: float = 0.0
  ):
    self.pixels, self.mean, self.deviation = pixels, mean, deviation

  @classmethod
  def of(cls, log_error: np.ndarray) -> '_Moments':
    mean = log_error.sum() / log_error.size
    squares = np.square(log_error - mean)
    return cls(log_error.size, float(mean), float(squares.sum()))

  def add(self, other: '_Moments') -> None:
    total = self.pixels + other.pixels
    step = other.mean - self.mean
    self.mean += step * other.pixels / total
    self.deviation += (
      other.deviation + step**2 * self.pixels * other.pixels / total
    )
    self.pixels = total


class ImageErrors:
  """The errors of the known pixels of one image, in float64.

  The pixels of each range are measured in parts that stay in the processor's
  cache, which is several times as fast.

  Attributes:
    pixels: number of known pixels.
    moments: mean and deviation of e.
    range_sums: sums of the errors by distance and by kind.
  """

  def __init__(self, pred_mm: np.ndarray, depth_mm: np.ndarray):
    """Measures one prediction; see `DepthMetrics.add`."""
    pred_mm, depth_mm = _checked_pair(pred_mm, depth_mm)
    known = depth_mm > _MIN_MM
    self.pixels = int(np.count_nonzero(known))
    bad = int(np.count_nonzero(known & ~np.isfinite(pred_mm)))
    if bad:
      raise ValueError(
        f'The prediction is not finite (NaN or infinite) at {bad} of '
        f'{self.pixels} known pixels. A network that predicts such values has '
        'diverged or overflowed: lower the learning rate, or convert it '
        'without float16.'
      )
    self.moments = _Moments()
    self.range_sums = np.zeros((len(RANGE_EDGES_M) - 1, len(_SUMS)))
    from_far = zip(self.range_sums[::-1], RANGE_EDGES_M[-2::-1], strict=True)
    for sums, near_m in from_far:
      # 16 bits are compared with a whole number as they are, without a copy.
      inside = known & (depth_mm >= int(near_m * challenge.MM_PER_M))
      known ^= inside
      preds, depths = pred_mm[inside], depth_mm[inside]
      for start in range(0, depths.size, _PART):
        part = slice(start, start + _PART)
        sums += self._measure(preds[part], depths[part])

  def _measure(self, pred_mm: np.ndarray, depth_mm: np.ndarray) -> list[float]:
    """Adds known pixels to the moments; returns their sums, as in _SUMS."""
    pred_mm, depth_mm = (x.astype(np.float64) for x in (pred_mm, depth_mm))
    np.maximum(pred_mm, _MIN_MM, out=pred_mm)
    error = pred_mm - depth_mm
    # max(p/d, d/p), whose logarithm is |e|.
    ratio = np.maximum(pred_mm, depth_mm) / np.minimum(pred_mm, depth_mm)
    log_ratio = np.log(ratio)
    self.moments.add(_Moments.of(np.copysign(log_ratio, error)))
    return [
      error.size,
      np.square(error).sum() / challenge.MM_PER_M**2,
      error.sum() / challenge.MM_PER_M,
      log_ratio.sum() / math.log(10.0),
      (np.abs(error) / depth_mm).sum(),
      *(np.count_nonzero(ratio < _DELTA_BASE**power) for power in (1, 2, 3)),
    ]

  def metrics(self) -> dict[str, Any]:
    """Returns the dict of METRIC_NAMES; needs at least one pixel."""
    means = _means(self.range_sums.sum(axis=0))
    means['si_rmse'] = math.sqrt(self.moments.deviation / self.pixels)
    return {name: means[name] for name in METRIC_NAMES}


def _means(sums: np.ndarray) -> dict[str, Any]:
  """Turns sums by kind into metrics, None if there are no pixels."""
  by_name = dict(zip(_SUMS, map(float, sums), strict=True))
  pixels = by_name.pop('pixels')
  if not pixels:
    return {name: None for name in (*by_name, 'rmse')}
  means = {name: value / pixels for name, value in by_name.items()}
  means['rmse'] = math.sqrt(means.pop('squared'))
  return means


def _checked_pair(
  pred_mm: np.ndarray, depth_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns both maps as arrays of the same image shape."""
  pred_mm, depth_mm = np.asarray(pred_mm), np.asarray(depth_mm)
  if pred_mm.shape != depth_mm.shape:
    raise ValueError(
      f'The prediction has shape {pred_mm.shape}, the ground truth '
      f'{depth_mm.shape}. Both must have the same shape; resize the '
      'prediction to the ground truth, not the other way round.'
    )
  if depth_mm.ndim != 2 and not (depth_mm.ndim == 3 and depth_mm.shape[2] == 1):
    raise ValueError(
      f'Depth maps must be [H, W] or [H, W, 1], got {depth_mm.shape}. Give '
      'the images of a batch one by one: metrics are per image.'
    )
  for name, values in (('prediction', pred_mm), ('ground truth', depth_mm)):
    if values.dtype.kind not in 'uif':
      raise ValueError(
        f'The {name} has type {values.dtype}; millimetres must be an integer '
        'or floating-point type.'
      )
  if not np.isfinite(depth_mm).all():
    raise ValueError(
      'The ground truth contains values that are not finite. Mark unknown '
      'pixels with 0.'
    )
  return pred_mm, depth_mm
