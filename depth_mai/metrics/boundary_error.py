# SPDX-License-Identifier: Apache-2.0
"""Measures how near the edges of a predicted depth map are to the true ones.

The depth boundary errors of iBims-1 (Koch et al., "Evaluation of CNN-based
Single-Image Depth Estimation Methods", ECCV Workshops 2018, section 3.2), in
pixels of the true map, 0 for perfect edges:

  accuracy      mean distance from the predicted edges to the nearest true one,
                over the predicted edges that are nearer than 10 pixels to one
  completeness  mean distance from the true edges to the nearest predicted one,
                distances of 10 pixels and more counting as 10
  amount        predicted edges for each true one: 0 for a map without edges,
                above 1 for one with too many, as a map of coarse blocks has

What is taken from elsewhere:

  [paper]         both means and the threshold of 10 pixels
  [authors' code] predicted edges 10 pixels away or more are left out; both
                  errors are 10 if all are, and undefined without a true edge.
                  Their script also adds the distances of the predicted edges
                  to the completeness; the paper does not, nor does this.
  [chosen]        the detector, see depth_edges.py. iBims-1 has true edges drawn
                  in the picture, and Canny's detector on the predicted map
                  divided by its maximum. Here one detector finds both, so that
                  any map of true depth will do. The figures do not compare with
                  those of the paper.
  [chosen]        the amount, which the paper lacks. Predicted edges where the
                  true map is unknown count for neither accuracy nor amount.
  [chosen]        true maps of which less than half the pixels are known, such
                  as a lidar's, have undefined errors: their edges are those of
                  the pattern of known pixels.

The accuracy alone says little: a map with one right edge is accurate. Nor does
the completeness: a map full of edges is complete. On 24 frames of a kitchen of
7-Scenes, 640x480, the true map of another frame is 4.5 pixels accurate and 8.9
complete, by chance; true maps reduced to 32, 64, 128 and 256 columns and
enlarged again are 7.2, 3.4, 1.3 and 0.3 complete.
"""

from collections.abc import Iterable
import dataclasses
from typing import NamedTuple

import numpy as np

from depth_mai.metrics import depth_edges

# From this distance on, an edge is another edge, pixels. [paper]
THRESHOLD_PX = 10
LEAST_KNOWN = 0.5

_MIN_MM = 1.0
# A square of a distance that is at least the threshold.
_FAR = np.uint8(THRESHOLD_PX**2)


class BoundaryError(NamedTuple):
  """The edges of one map, or the means of several.

  Attributes:
    accuracy: pixels, 0 to 10.
    completeness: pixels, 0 to 10.
    amount: predicted edge pixels for each true one.
  """

  accuracy: float
  completeness: float
  amount: float


@dataclasses.dataclass(frozen=True, eq=False)
class TrueEdges:
  """The edges of a true depth map, found once for many predictions.

  Attributes:
    edges: [H, W] bool.
    searched: [H, W] bool, where edges could be found.
    squared_px: [H, W] uint8, squared distance to the nearest edge, at most 100.
  """

  edges: np.ndarray
  searched: np.ndarray
  squared_px: np.ndarray

  @classmethod
  def of(cls, depth_mm: np.ndarray) -> 'TrueEdges | None':
    """Finds the edges.

    Args:
      depth_mm: [H, W], millimetres, 0 = unknown. Not modified.

    Returns:
      The edges; None if there are none, or too little is known.
    """
    if (depth_mm > _MIN_MM).mean() < LEAST_KNOWN:
      return None
    filled_mm = depth_edges.filled(depth_mm)
    edges = depth_edges.find(filled_mm)
    if not edges.any():
      return None
    searched = depth_edges.searched(filled_mm)
    return cls(edges, searched, squared_distances(edges))

  def error(self, pred_mm: np.ndarray) -> BoundaryError:
    """Measures a prediction.

    Args:
      pred_mm: [H, W] of the true map's size, millimetres; values below 1 mm
        count as 1 mm, as in `depth_metrics`. Not modified.

    Returns:
      Its errors.

    Raises:
      ValueError: if the shape differs or a value is not finite.
    """
    if pred_mm.shape != self.edges.shape:
      raise ValueError(
        f'The prediction has shape {pred_mm.shape}, the ground truth '
        f'{self.edges.shape}; resize the prediction to the ground truth.'
      )
    if not np.isfinite(pred_mm).all():
      raise ValueError('The prediction has values that are not finite.')
    found = depth_edges.find(np.maximum(pred_mm, _MIN_MM))
    squared_px = self.squared_px[found & self.searched]
    amount = squared_px.size / int(self.edges.sum())
    near_px = np.sqrt(squared_px[squared_px < _FAR], dtype=np.float64)
    if not near_px.size:
      return BoundaryError(THRESHOLD_PX, THRESHOLD_PX, amount)
    missing_px = np.sqrt(squared_distances(found)[self.edges], dtype=np.float64)
    return BoundaryError(
      float(near_px.mean()), float(missing_px.mean()), amount
    )


def squared_distances(edges: np.ndarray) -> np.ndarray:
  """Computes squared Euclidean distances to the nearest edge, exactly.

  First down the columns, then along the rows: the nearest edge is in some
  column, at the least distance that this column has (Felzenszwalb and
  Huttenlocher, 2012, without their parabolas, as 10 pixels suffice).

  Args:
    edges: [H, W] bool.

  Returns:
    [H, W] uint8, squared pixels; 100 where no edge is nearer than 10 pixels.
  """
  squared = np.where(edges, np.uint8(0), _FAR)
  for axis in (0, 1):
    nearest = np.moveaxis(squared.copy(), axis, 0)
    source = np.moveaxis(squared, axis, 0)
    for step in range(1, min(THRESHOLD_PX, len(source))):
      # At most 100 + 81, which a byte holds.
      for to, of in (
        (slice(step, None), slice(None, -step)),
        (slice(None, -step), slice(step, None)),
      ):
        np.minimum(nearest[to], source[of] + np.uint8(step**2), out=nearest[to])
    squared = np.minimum(np.moveaxis(nearest, 0, axis), _FAR)
  return squared


def mean(errors: Iterable[BoundaryError | None]) -> BoundaryError | None:
  """Returns the means over the maps that have true edges, None without any."""
  defined = [error for error in errors if error is not None]
  return BoundaryError(*np.mean(defined, axis=0).tolist()) if defined else None
