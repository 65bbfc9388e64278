# SPDX-License-Identifier: Apache-2.0
"""Turns depth into points in space, and writes them as a coloured .ply file.

The camera is a pinhole whose optical axis passes through the middle of the
picture, without distortion. A network does not know its field of view.
"""

import math
import os

import numpy as np

from depth_mai.files import atomic
from depth_mai.report import scale

# The long side of the Kinect of NYU Depth v2, whose focal length is 518.86
# pixels of 640 [authors' code]: 2 atan(320 / 518.86).
FOV = 63.3
# Vertices of a file that predict writes; a network sees no more [chosen].
MOST_POINTS = 500_000
_VERTEX = np.dtype(
  [(axis, '<f4') for axis in 'xyz']
  + [(channel, 'u1') for channel in ('red', 'green', 'blue')]
)
_HEADER = """ply
format binary_little_endian 1.0
comment metres; x to the right, y up, z towards the camera
element vertex {count}
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
end_header
"""


def points(depth_m: np.ndarray, fov: float = FOV) -> np.ndarray:
  """Returns the point that each pixel of a depth map sees.

  With the focal length f = max(H, W) / (2 tan(fov / 2)) in pixels, the pixel in
  column u and row v sees x = (u - (W - 1) / 2) z / f and
  y = (v - (H - 1) / 2) z / f, where z is its depth.

  Args:
    depth_m: [H, W] or [H, W, 1], metres along the optical axis; 0, negative and
      non-finite values are unknown.
    fov: field of view along the longer side of the picture, degrees, above 0
      and below 180; it is the same for an upright and a lying camera.

  Returns:
    [H, W, 3] float32, metres: x to the right, y down, z forward, from the
    camera. Unknown points are NaN.

  Raises:
    ValueError: depth_m is not a map, or fov is out of range.
  """
  depth_m = np.asarray(depth_m)
  if depth_m.ndim == 3 and depth_m.shape[2] == 1:
    depth_m = depth_m[..., 0]
  if depth_m.ndim != 2 or not depth_m.size or depth_m.dtype.kind not in 'uif':
    raise ValueError(
      'depth_m must be numbers [H, W] or [H, W, 1], in metres, got '
      f'{depth_m.dtype} {list(depth_m.shape)}.'
    )
  check_fov(fov)
  height, width = depth_m.shape
  focal_px = max(height, width) / (2 * math.tan(math.radians(fov) / 2))
  z = np.where(scale.known_mask(depth_m), depth_m, np.nan).astype(np.float64)
  x = (np.arange(width) - (width - 1) / 2) / focal_px * z
  y = ((np.arange(height) - (height - 1) / 2) / focal_px)[:, None] * z
  return np.stack((x, y, z), axis=-1).astype(np.float32)


def check_fov(fov: float) -> None:
  """Raises a ValueError unless 0 < fov < 180."""
  if not 0 < fov < 180:
    raise ValueError(
      f'The field of view, --fov={fov}, must be above 0 and below 180 degrees.'
    )


def write_ply(
  path: str | os.PathLike[str], points_m: np.ndarray, rgb_uint8: np.ndarray
) -> None:
  """Writes points with their colours, which MeshLab, Blender and others open.

  In the file y points up and z towards the camera, as viewers expect: a viewer
  shows the points as the camera saw them.

  Args:
    path: the .ply file; it appears only when it is complete.
    points_m: [..., 3], metres, from `points`. Points with NaN are left out.
    rgb_uint8: their colours, uint8, the same shape.

  Raises:
    ValueError: the shapes differ, or the colours are not uint8.
    OSError: the file cannot be written.
  """
  points_m, rgb_uint8 = np.asarray(points_m), np.asarray(rgb_uint8)
  if (
    points_m.shape[-1:] != (3,)
    or rgb_uint8.shape != points_m.shape
    or rgb_uint8.dtype != np.uint8
  ):
    raise ValueError(
      'points_m [..., 3] and rgb_uint8, uint8 of the same shape, are needed; '
      f'got {list(points_m.shape)} and {rgb_uint8.dtype} '
      f'{list(rgb_uint8.shape)}. Resize the picture to the depth first.'
    )
  known = np.isfinite(points_m).all(-1)
  vertices = np.empty(int(known.sum()), _VERTEX)
  for place, (axis, sign) in enumerate((('x', 1), ('y', -1), ('z', -1))):
    vertices[axis] = sign * points_m[known][:, place]
  for place, channel in enumerate(('red', 'green', 'blue')):
    vertices[channel] = rgb_uint8[known][:, place]
  with atomic.atomic_path(path) as temporary:
    with open(temporary, 'wb') as stream:
      stream.write(_HEADER.format(count=len(vertices)).encode())
      stream.write(vertices.tobytes())


def write_picture(
  path: str | os.PathLike[str],
  rgb_uint8: np.ndarray,
  depth_m: np.ndarray,
  fov: float = FOV,
) -> None:
  """Writes the point cloud of a picture, with at most MOST_POINTS points.

  Of a larger picture every second (third, ...) row and column is taken.

  Args:
    path: the .ply file.
    rgb_uint8: the picture, uint8 [H, W, 3].
    depth_m: its depth [H, W], metres.
    fov: see `points`.

  Raises:
    ValueError: as `points` and `write_ply`.
    OSError: the file cannot be written.
  """
  step = math.ceil(math.sqrt(depth_m.size / MOST_POINTS))
  taken = slice(None, None, step), slice(None, None, step)
  write_ply(path, points(depth_m, fov)[taken], rgb_uint8[taken])
