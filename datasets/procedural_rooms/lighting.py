# SPDX-License-Identifier: Apache-2.0
"""Computes the light on surfaces: lamps with shadow maps, and dark corners."""

import numpy as np

from depth_mai.datasets.procedural_rooms import raster
from depth_mai.datasets.procedural_rooms import view as view_lib

_MAP_SIZE = 384
_TAPS = ((0.0, 0.0), (1.0, 0.3), (-0.3, 1.0), (-1.0, -0.3), (0.3, -1.0))
_BIAS_M = 0.008
_HIGHLIGHT_POWER_LOG2 = 5


def shadow(world, light, points, normals):
  """Returns the part of a light that reaches given points.

  Args:
    world: `world.World`.
    light: `world.Light`.
    points: three [H, W] float32 arrays, world x, y, z, metres.
    normals: three [H, W] float32 arrays, unit.

  Returns:
    [H, W] float32, 0 in full shadow to 1 in full light.
  """
  half = _MAP_SIZE / 2
  focal_px = half / light.tan_half
  rotation = view_lib.look_along(light.aim)
  padded = _shadow_map(world, light, rotation, focal_px)
  offset = [points[i] - np.float32(light.position[i]) for i in range(3)]
  texel_m = np.float32(1 / focal_px) * (
    sum(np.float32(rotation[2, i]) * offset[i] for i in range(3))
  )
  # A surface seen at a slant must not cast a shadow on itself.
  spread = light.softness * _MAP_SIZE
  bias_m = _BIAS_M + np.float32(1 + spread) * np.abs(texel_m)
  offset = [offset[i] + bias_m * normals[i] for i in range(3)]
  x, y, z = (
    sum(np.float32(rotation[row, i]) * offset[i] for i in range(3))
    for row in range(3)
  )
  ahead = z > 1e-3
  inverse = 1 / np.where(ahead, z, np.float32(1))
  column = x * inverse * np.float32(focal_px) + np.float32(half + 1)
  row = y * inverse * np.float32(focal_px) + np.float32(half + 1)
  lit = np.zeros_like(z)
  for tap_x, tap_y in _TAPS:
    i = np.clip(column + np.float32(tap_x * spread), 0, _MAP_SIZE + 1)
    j = np.clip(row + np.float32(tap_y * spread), 0, _MAP_SIZE + 1)
    index = j.astype(np.int32) * np.int32(_MAP_SIZE + 2) + i.astype(np.int32)
    lit += padded[index] <= inverse
  lit *= np.float32(1 / len(_TAPS))
  return np.where(ahead, lit, np.float32(1))


def _shadow_map(world, light, rotation, focal_px):
  """Returns the inverse depth seen from the light, padded by zeros, flat."""
  from_light = view_lib.View(
    light.position, rotation, focal_px, _MAP_SIZE, _MAP_SIZE
  )
  casts = world.tables.emission == 0
  seen = raster.visible(
    world.quads,
    world.quadrics,
    from_light,
    casts[world.quads.material],
    casts[world.quadrics.material],
  )
  return np.pad(seen.inverse_depth, 1).ravel()


def lambert(light, points, normals):
  """Returns the light that would arrive without shadows.

  Args:
    light: `world.Light`.
    points: three [H, W] float32 arrays, metres.
    normals: three [H, W] float32 arrays, unit.

  Returns:
    [H, W] float32, the cosine times the falloff with distance.
  """
  to_light = [np.float32(light.position[i]) - points[i] for i in range(3)]
  square = sum(part * part for part in to_light)
  cosine = sum(to_light[i] * normals[i] for i in range(3))
  np.maximum(cosine, 0, out=cosine)
  cosine /= np.sqrt(square)
  if light.reach_m < 1e4:
    cosine /= 1 + square * np.float32(1 / light.reach_m**2)
  return cosine


def highlight(light, points, normals, rays):
  """Returns the soft mirror image of a light on glossy surfaces (Phong).

  Args:
    light: `world.Light`.
    points: three [H, W] float32 arrays, metres.
    normals: three [H, W] float32 arrays, unit.
    rays: three [H, W] float32 arrays, viewing rays of any length.

  Returns:
    [H, W] float32 in 0..1.
  """
  to_light = [np.float32(light.position[i]) - points[i] for i in range(3)]
  along = 2 * sum(rays[i] * normals[i] for i in range(3))
  mirrored = [rays[i] - along * normals[i] for i in range(3)]
  cosine = sum(mirrored[i] * to_light[i] for i in range(3))
  cosine /= np.sqrt(
    sum(part * part for part in mirrored)
    * sum(part * part for part in to_light)
  )
  np.maximum(cosine, 0, out=cosine)
  for _ in range(_HIGHLIGHT_POWER_LOG2):
    cosine *= cosine
  return cosine


def corner_light(inverse_depth):
  """Returns the part of the ambient light that reaches each pixel.

  Inverse depth is linear over a plane in the picture, so there it equals its
  local mean. In a corner, or next to something nearer, the mean is larger.
  (After Luft et al., Image enhancement by unsharp masking the depth buffer,
  2006; exact for planes.)

  Args:
    inverse_depth: [H, W] float32, 1 / metres, 0 for nothing.

  Returns:
    [H, W] float32, 1 in the open, about 0.5 in the tightest corners.
  """
  light = np.ones_like(inverse_depth)
  safe = np.maximum(inverse_depth, np.float32(1e-3))
  for share, strength in ((0.015, 8.0), (0.08, 4.5)):
    radius = max(int(round(share * inverse_depth.shape[1])), 1)
    excess = np.maximum(box_mean(inverse_depth, radius) / safe - 1, 0)
    # A large excess means a distant background, not a corner.
    excess *= np.float32(strength) / (1 + (4 * excess) ** 2)
    light *= 1 / (1 + excess)
  return light


def box_mean(values, radius):
  """Returns means over windows of 2 radius + 1 pixels, cut at the border.

  Args:
    values: [H, W] float32.
    radius: pixels.

  Returns:
    [H, W] float32.
  """
  for axis in (0, 1):
    size = values.shape[axis]
    total = np.cumsum(values, axis=axis, dtype=np.float64)
    total = np.concatenate(
      [np.zeros_like(total.take([0], axis=axis)), total], axis=axis
    )
    first = np.maximum(np.arange(size) - radius, 0)
    last = np.minimum(np.arange(size) + radius + 1, size)
    shape = (-1, 1) if axis == 0 else (1, -1)
    span = total.take(last, axis=axis) - total.take(first, axis=axis)
    values = (span / (last - first).reshape(shape)).astype(np.float32)
  return values
