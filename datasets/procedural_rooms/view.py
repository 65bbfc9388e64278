# SPDX-License-Identifier: Apache-2.0
"""Defines pinhole views of the world: pose, focal length, size in pixels.

The world is right-handed with z up, in metres. The axes of a view are x to the
right, y down and z forward, so z is the depth that a stereo or structured-light
sensor reports.
"""

import dataclasses
import functools
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class View:
  """A pinhole camera, also used for the shadow maps of lights.

  Attributes:
    origin: [3], position of the pinhole in the world, metres.
    rotation: [3, 3], its rows are the right, down and forward directions.
    focal_px: focal length in pixels, the same for both axes.
    width: columns of the picture.
    height: rows of the picture.
  """

  origin: np.ndarray
  rotation: np.ndarray
  focal_px: float
  width: int
  height: int

  @functools.cached_property
  def columns(self):
    """[width] float64, x / z of the ray through each column's centre."""
    return (np.arange(self.width) + 0.5 - self.width / 2) / self.focal_px

  @functools.cached_property
  def rows(self):
    """[height] float64, y / z of the ray through each row's centre."""
    return (np.arange(self.height) + 0.5 - self.height / 2) / self.focal_px

  def world_rays(self):
    """Returns the rays in the world, scaled to one metre of depth.

    Returns:
      three [height, width] float32 arrays, the world x, y and z of each ray:
      origin + depth_m * ray is the point that the pixel shows.
    """
    columns = self.columns.astype(np.float32)
    rows = self.rows.astype(np.float32)
    right, down, forward = self.rotation.astype(np.float32)
    return [
      columns * right[i] + (rows * down[i] + forward[i])[:, None]
      for i in range(3)
    ]

  def resized(self, width, height):
    """Returns the view at another size, with the same horizontal angle."""
    focal_px = self.focal_px * width / self.width
    return dataclasses.replace(
      self, focal_px=focal_px, width=width, height=height
    )


def look(yaw, pitch, roll=0.0):
  """Returns the rotation of a view from its angles in radians.

  Args:
    yaw: heading about the world's z axis; 0 looks along x, pi / 2 along y.
    pitch: elevation of the viewing direction; positive looks up.
    roll: turn about the viewing direction; positive is clockwise as seen.

  Returns:
    [3, 3] float64, rows right, down, forward.
  """
  cy, sy = math.cos(yaw), math.sin(yaw)
  cp, sp = math.cos(pitch), math.sin(pitch)
  forward = np.array([cp * cy, cp * sy, sp])
  right = np.array([sy, -cy, 0.0])
  down = np.cross(forward, right)
  cr, sr = math.cos(roll), math.sin(roll)
  return np.stack([cr * right + sr * down, cr * down - sr * right, forward])


def look_along(direction):
  """Returns the rotation of a level view along a direction [3]."""
  x, y, z = np.asarray(direction, np.float64)
  return look(math.atan2(y, x), math.atan2(z, math.hypot(x, y)))
