# SPDX-License-Identifier: Apache-2.0
"""Renders a view of a world: linear light, depth and class per pixel."""

import numpy as np

from depth_mai.datasets.procedural_rooms import classes
from depth_mai.datasets.procedural_rooms import lighting
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import raster
from depth_mai.datasets.procedural_rooms import textures

_STAIN_SCALE = np.float32(0.137)


def render(world, view):
  """Renders a view.

  Args:
    world: `world.World`.
    view: `view.View`.

  Returns:
    light: list of three [H, W] float32 arrays, linear red, green and blue;
      about 1 for a white surface in plain light.
    depth_m: [H, W] float32, metres along the viewing axis, 0 for the sky.
    labels: [H, W] uint8, numbers of classes.py.
  """
  seen = raster.visible(world.quads, world.quadrics, view)
  hit = seen.surface >= 0
  depth_m = 1 / np.where(hit, seen.inverse_depth, np.float32(1))
  rays = view.world_rays()
  material, u, v, footprint, normals = _surface(
    world, view, seen, hit, depth_m, rays
  )
  colours = _colours(world.tables, material, u, v, footprint)
  points = [depth_m * rays[i] + np.float32(view.origin[i]) for i in range(3)]
  arriving = _arriving_light(world, seen, points, normals, rays, material)
  glow = world.tables.emission[material]
  light = [colours[i] * (arriving[i] + glow) for i in range(3)]
  shine = arriving[3]
  light = [channel + shine for channel in light]
  depth_m = np.where(hit, depth_m, np.float32(0))
  if world.sky is not None:
    _add_air(world.sky, light, depth_m, hit, rays)
  return light, depth_m, _labels(world, seen.surface)


def _labels(world, surface):
  """Returns the number of the class per pixel, [H, W] uint8."""
  # raster.NOTHING is -1, so the sky is the last entry.
  sky = [classes.LABELS['sky']]
  table = np.concatenate([world.quads.label, world.quadrics.label, sky])
  return table.astype(np.uint8)[surface]


def _surface(world, view, seen, hit, depth_m, rays):
  """Returns material, texture coordinates, footprint, normal per pixel."""
  quads, quadrics, tables = world.quads, world.quadrics, world.tables
  count, rounds = len(quads.material), len(quadrics.kind)
  nothing = count + rounds
  surface = np.where(hit, seen.surface, nothing)
  form_u, form_v, size = _texture_forms(quads, tables, seen.forms)
  offset = view.origin - quads.origin
  side = np.sign(np.sum(quads.normal * offset, axis=1))
  tables_u = _padded(form_u, nothing)
  tables_v = _padded(form_v, nothing)
  table_normal = _padded(quads.normal * side[:, None], nothing)
  columns = view.columns.astype(np.float32)
  rows = view.rows.astype(np.float32)[:, None]
  u, v = (
    (table[0][surface] * columns + table[1][surface] * rows + table[2][surface])
    * depth_m
    + table[3][surface]
    for table in (tables_u, tables_v)
  )
  normals = [table[surface] for table in table_normal]
  material = np.concatenate([quads.material, quadrics.material, [0]])
  footprint = (
    np.concatenate([1 / size, 1 / tables.period_u[quadrics.material], [0]])
    / view.focal_px
  )
  for k, (window_rows, window_columns) in seen.windows.items():
    window = seen.surface[window_rows, window_columns] == count + k
    j, i = np.nonzero(window)
    if not len(j):
      continue
    j, i = j + window_rows.start, i + window_columns.start
    unit, normal = raster.quadric_hits(
      quadrics, k, view, j, i, seen.inverse_depth[j, i]
    )
    u[j, i], v[j, i] = _round_texture(quadrics, k, tables, unit)
    for axis in range(3):
      normals[axis][j, i] = normal[axis]
  material = material.astype(np.int32)[surface]
  slant = np.abs(sum(normals[i] * rays[i] for i in range(3)))
  footprint = footprint.astype(np.float32)[surface] * depth_m
  footprint /= np.sqrt(np.maximum(slant, np.float32(0.05)))
  return material, u, v, footprint, normals


def _padded(rows, length):
  """Returns [Q, D] as D float32 arrays of length + 1, padded with zeros."""
  table = np.zeros((rows.shape[1], length + 1), np.float32)
  table[:, : len(rows)] = rows.T
  return table


def _texture_forms(quads, tables, forms):
  """Returns the linear forms of u / z and v / z per quad, and offsets.

  Returns:
    [Q, 4] and [Q, 4]: three factors and the offset; [Q] metres per repeat.
  """
  length_u = np.linalg.norm(quads.u, axis=1)
  length_v = np.linalg.norm(quads.v, axis=1)
  period_u = tables.period_u[quads.material].astype(np.float64)
  period_v = tables.period_v[quads.material].astype(np.float64)
  turned = tables.turned[quads.material] & (length_v > length_u) & ~quads.fit
  period_u = np.where(quads.fit, length_u, period_u)
  period_v = np.where(quads.fit, length_v, period_v)
  s, t = forms[:, 0], forms[:, 1]

  def form(along, length, edge, period):
    # Textures are fixed to the world: neighbouring pieces of a wall match.
    start = np.sum(quads.origin * edge, axis=1) / np.maximum(length, 1e-9)
    start = np.where(quads.fit, 0, start) / period
    return np.concatenate(
      [along * (length / period)[:, None], (start % 1)[:, None]], axis=1
    )

  plain_u = form(s, length_u, quads.u, period_u)
  plain_v = form(t, length_v, quads.v, period_v)
  turned_u = form(t, length_v, quads.v, period_u)
  turned_v = form(s, length_u, quads.u, period_v)
  form_u = np.where(turned[:, None], turned_u, plain_u)
  form_v = np.where(turned[:, None], turned_v, plain_v)
  return form_u, form_v, np.maximum(period_u, 1e-3)


def _round_texture(quadrics, k, tables, unit):
  """Returns (u, v), each [N] float32, of points on a quadric."""
  material = quadrics.material[k]
  radius = quadrics.radii[k]
  around = np.arctan2(unit[1], unit[0]) * np.float32(
    radius[0] / tables.period_u[material]
  )
  up = unit[2] * np.float32(radius[2] / tables.period_v[material])
  if quadrics.kind[k] == primitives.FRUSTUM:
    flat = np.abs(unit[2]) > 0.999
    scale = np.float32(radius[0] / tables.period_u[material])
    around = np.where(flat, unit[0] * scale, around)
    up = np.where(flat, unit[1] * scale, up)
  return around, up


def _colours(tables, material, u, v, footprint):
  """Returns the surface colours: three [H, W] float32 arrays, linear."""
  bank = textures.bank()
  value = bank.sample(tables.texture[material], u, v, footprint)
  index = material * np.int32(256) + value
  # A large, faint pattern on all surfaces: wear, dirt, uneven paint.
  stain = bank.sample(
    np.int32(bank.variants['clouds'][0]),
    u[::2, ::2] * _STAIN_SCALE,
    v[::2, ::2] * _STAIN_SCALE,
    np.float32(1 / 64),
  )
  wear = _fine(stain * np.float32(0.25 / 255) + np.float32(0.875), u.shape)
  return [channel[index] * wear for channel in tables.ramps]


def _arriving_light(world, seen, points, normals, rays, material):
  """Returns four [H, W] arrays: red, green and blue light, and highlights.

  Shadows, corners and highlights are computed at every other row and column.
  """
  shape = seen.surface.shape
  coarse_points = [part[::2, ::2] for part in points]
  coarse_normals = [part[::2, ::2] for part in normals]
  coarse_rays = [part[::2, ::2] for part in rays]
  coarse_gloss = world.tables.gloss[material[::2, ::2]]
  open_sky = lighting.corner_light(seen.inverse_depth[::2, ::2])
  around = _fine(open_sky, shape)
  below, above = (row.astype(np.float32) for row in world.ambient)
  upward = normals[2] * around
  arriving = [
    around * ((above[i] + below[i]) / 2) + upward * ((above[i] - below[i]) / 2)
    for i in range(3)
  ]
  shine = np.zeros_like(coarse_gloss)
  for light in world.lights:
    lit = lighting.shadow(world, light, coarse_points, coarse_normals)
    shine += (
      coarse_gloss
      * lit
      * np.float32(light.colour.mean())
      * (lighting.highlight(light, coarse_points, coarse_normals, coarse_rays))
    )
    direct = lighting.lambert(light, points, normals)
    direct *= _fine(lit * (np.float32(0.3) + np.float32(0.7) * open_sky), shape)
    for i in range(3):
      arriving[i] += direct * np.float32(light.colour[i])
  return arriving + [_fine(shine, shape)]


def _fine(coarse, shape):
  """Repeats each value of every other row and column, to [H, W]."""
  fine = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)
  return fine[: shape[0], : shape[1]]


def _add_air(sky, light, depth_m, hit, rays):
  """Adds the sky, and the haze over distant surfaces, in place."""
  veil = np.exp(depth_m * np.float32(-1 / sky.haze_m))
  for i in range(3):
    light[i] *= veil
    light[i] += (1 - veil) * np.float32(sky.horizon[i])
  j, i = np.nonzero(~hit)
  if not len(j):
    return
  x, y, z = (part[j, i] for part in rays)
  up = np.maximum(z / np.sqrt(x * x + y * y + z * z), 0)
  bank = textures.bank()
  plane = np.float32(0.12) / (up + np.float32(0.12))
  cloud = bank.sample(
    np.int32(bank.variants['clouds'][0]),
    x * plane,
    y * plane,
    np.float32(1 / 512),
  ) * np.float32(1 / 255)
  cloud = np.clip((cloud - np.float32(1 - sky.clouds)) * 3, 0, 1)
  blend = np.sqrt(up)
  for channel in range(3):
    clear = sky.horizon[channel] + blend * (
      sky.zenith[channel] - sky.horizon[channel]
    )
    white = np.float32(sky.horizon.max())
    light[channel][j, i] = clear + cloud * (white - clear)
