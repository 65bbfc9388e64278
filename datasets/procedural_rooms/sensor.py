# SPDX-License-Identifier: Apache-2.0
"""Adds the errors of a stereo camera to exact depth: range noise and holes."""

import numpy as np

from depth_mai.datasets.procedural_rooms import lighting

_MAX_GRAIN = 5.0  # Grey levels.


def add_range_noise(depth_m, sigma_at_1m, rng):
  """Adds the error of stereo triangulation.

  A disparity error of constant size, in pixels, causes a depth error that grows
  with the square of the depth. Errors of neighbouring pixels are alike, because
  a matcher compares windows: the noise is a 3 x 3 mean, scaled to sigma_at_1m.

  Args:
    depth_m: [H, W] float32, metres.
    sigma_at_1m: standard deviation at 1 m, metres.
    rng: `np.random.Generator`.

  Returns:
    [H, W] float32, metres; 0 stays 0.
  """
  noise = rng.standard_normal(depth_m.shape, dtype=np.float32)
  noise = lighting.box_mean(noise, 1) * np.float32(3)
  return depth_m + depth_m * depth_m * noise * np.float32(sigma_at_1m)


def holes(rgb_uint8, depth_m, focal_px, rng):
  """The pixels where a stereo camera measures no depth.

  Args:
    rgb_uint8: [H, W, 3] uint8, the left picture.
    depth_m: [H, W] float32, exact depth, metres, 0 unknown.
    focal_px: focal length, pixels.
    rng: `np.random.Generator`.

  Returns:
    [H, W] bool, True where depth is missing.
  """
  baseline_m = rng.uniform(0.063, 0.12)
  return (
    occluded(depth_m, focal_px * baseline_m)
    | _untextured(rgb_uint8, rng)
    | _too_far(depth_m, rng)
  )


def occluded(depth_m, focal_times_baseline):
  """Returns the pixels that only the left camera sees.

  A pixel in column x appears in the right picture at x - f b / z. It is hidden
  there if a pixel to its right appears at the same place or farther left.

  Args:
    depth_m: [H, W] float32, metres, 0 unknown (taken as far away).
    focal_times_baseline: focal length in pixels times baseline in metres.

  Returns:
    [H, W] bool.
  """
  disparity = np.where(
    depth_m > 0,
    np.float32(focal_times_baseline) / np.maximum(depth_m, np.float32(1e-3)),
    np.float32(0),
  )
  in_right = np.arange(depth_m.shape[1], dtype=np.float32) - disparity
  leftmost = np.minimum.accumulate(in_right[:, ::-1], axis=1)[:, ::-1]
  hidden = np.zeros(depth_m.shape, bool)
  # Half a pixel of tolerance: a slanted plane is squeezed, but not hidden.
  hidden[:, :-1] = leftmost[:, 1:] < in_right[:, :-1] - 0.5
  return hidden


def _untextured(rgb_uint8, rng):
  """Returns the regions where the picture is too even to be matched."""
  grey = rgb_uint8[..., 1].astype(np.float32)
  mean = lighting.box_mean(grey, 7)
  variance = lighting.box_mean(grey * grey, 7) - mean * mean
  contrast = np.sqrt(np.maximum(variance, 0))
  # The noise of the camera, a few grey levels, is no texture.
  contrast -= min(float(np.percentile(contrast[::8, ::8], 3)), _MAX_GRAIN)
  # A matcher fills most even regions; those that stay empty form large blobs.
  threshold = rng.uniform(0.3, 1.5) * (_blobs(grey.shape, 32, rng) - 0.7)
  return (contrast < threshold) | (mean > 252)


def _too_far(depth_m, rng):
  """Returns missing far pixels; the farther, the more are missing."""
  start = rng.uniform(12, 30)
  chance = np.clip((depth_m - np.float32(start)) / np.float32(start), 0, 0.8)
  missing = 0.5 + 0.25 * _blobs(depth_m.shape, 12, rng) < chance
  return missing & (depth_m > start)


def _blobs(shape, size, rng):
  """Returns smooth noise [H, W] float32, mean 0, deviation 1."""
  coarse = rng.standard_normal((shape[0] // size + 2, shape[1] // size + 2))
  field = np.repeat(np.repeat(coarse.astype(np.float32), size, 0), size, 1)
  for _ in range(2):
    field = lighting.box_mean(field, size // 2)
  field = field[: shape[0], : shape[1]]
  return (field - field.mean()) / max(float(field.std()), 1e-6)
