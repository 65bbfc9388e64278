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

from collections.abc import Mapping
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
  image = _ImageErrors(pred_mm, depth_mm)
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
    self._pixels = np.zeros(len(RANGE_EDGES_M) - 1, np.int64)
    self._range_sums: dict[str, np.ndarray] = {}
    # Running mean and sum of squared deviations of e over all pixels (Chan et
    # al. 1979): a difference of two large sums would lose the small result.
    self._log_mean = 0.0
    self._log_deviation = 0.0

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
    image = _ImageErrors(pred_mm, depth_mm)
    if not image.pixels:
      self._skipped += 1
      return None
    old_pixels = int(self._pixels.sum())
    new_pixels = old_pixels + image.pixels
    mean, deviation = image.log_moments()
    step = mean - self._log_mean
    self._log_mean += step * image.pixels / new_pixels
    self._log_deviation += (
      deviation + step**2 * old_pixels * image.pixels / new_pixels
    )
    pixels, sums = image.range_sums()
    self._pixels += pixels
    for name, values in sums.items():
      self._range_sums[name] = self._range_sums.get(name, 0.0) + values
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
    total = int(self._pixels.sum())
    pooled = _means(
      total, {name: sums.sum() for name, sums in self._range_sums.items()}
    )
    pooled['si_rmse'] = math.sqrt(self._log_deviation / total)
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
      pixels = int(self._pixels[index])
      means = _means(
        pixels,
        {name: sums[index] for name, sums in self._range_sums.items()},
      )
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


class _ImageErrors:
  """The errors of the known pixels of one image, in float64."""

  def __init__(self, pred_mm: np.ndarray, depth_mm: np.ndarray):
    pred_mm, depth_mm = _checked_pair(pred_mm, depth_mm)
    known = depth_mm > _MIN_MM
    depth_mm = depth_mm[known].astype(np.float64)
    pred_mm = pred_mm[known].astype(np.float64)
    _check_finite(pred_mm)
    np.maximum(pred_mm, _MIN_MM, out=pred_mm)
    self.pixels = depth_mm.size
    self._depth_mm = depth_mm
    self._error_m = (pred_mm - depth_mm) / challenge.MM_PER_M
    self._log_error = np.log(pred_mm / depth_mm)
    # max(p/d, d/p) < b holds if and only if p < b d and d < b p.
    self._per_pixel = {
      'squared': np.square(self._error_m),
      'bias': self._error_m,
      'log10': np.abs(self._log_error) / math.log(10.0),
      'rel': np.abs(self._error_m) * challenge.MM_PER_M / depth_mm,
    }
    for power in (1, 2, 3):
      bound = _DELTA_BASE**power
      self._per_pixel[f'delta{power}'] = (pred_mm < bound * depth_mm) & (
        depth_mm < bound * pred_mm
      )

  def log_moments(self) -> tuple[float, float]:
    """Returns mean(e) and sum((e - mean(e))^2)."""
    mean = self._log_error.mean()
    return float(mean), float(np.square(self._log_error - mean).sum())

  def metrics(self) -> dict[str, Any]:
    """Returns the dict of METRIC_NAMES; needs at least one pixel."""
    means = _means(
      self.pixels,
      {name: values.sum() for name, values in self._per_pixel.items()},
    )
    means['si_rmse'] = math.sqrt(self.log_moments()[1] / self.pixels)
    return {name: means[name] for name in METRIC_NAMES}

  def range_sums(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns pixel counts [R] and a dict of error sums [R] by distance."""
    edges_mm = np.array(RANGE_EDGES_M[1:-1]) * challenge.MM_PER_M
    index = np.searchsorted(edges_mm, self._depth_mm, side='right')
    count = len(RANGE_EDGES_M) - 1
    sums = {
      name: np.bincount(index, weights=values, minlength=count)
      for name, values in self._per_pixel.items()
    }
    return np.bincount(index, minlength=count), sums


def _means(pixels: int, sums: Mapping[str, float]) -> dict[str, Any]:
  """Turns sums over `pixels` pixels into metrics, None if there are none."""
  if not pixels:
    return {name: None for name in (*sums, 'rmse')}
  means = {name: float(value) / pixels for name, value in sums.items()}
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


def _check_finite(pred_mm: np.ndarray) -> None:
  bad = pred_mm.size - np.count_nonzero(np.isfinite(pred_mm))
  if bad:
    raise ValueError(
      f'The prediction is not finite (NaN or infinite) at {bad} of '
      f'{pred_mm.size} known pixels. A network that predicts such values has '
      'diverged or overflowed: lower the learning rate, or convert it without '
      'float16.'
    )
