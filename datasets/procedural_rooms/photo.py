# SPDX-License-Identifier: Apache-2.0
"""Simulates a colour camera: turns linear light into a noisy 8-bit picture."""

import numpy as np

_STEPS = 2048
_WHITE = 4.0  # Light that saturates the sensor at exposure 1.


def photograph(light, rng):
  """Exposes, softens, vignettes and digitises a picture.

  Args:
    light: list of three [H, W] float32 arrays, linear; not changed.
    rng: `np.random.Generator`.

  Returns:
    [H, W, 3] uint8.
  """
  height, width = light[0].shape
  grey = (light[0] + 2 * light[1] + light[2])[::4, ::4] / 4
  # A mean of logarithms, so that a bright window does not make the room black.
  key = float(np.exp(np.mean(np.log(grey + 1e-3))))
  exposure = rng.uniform(0.16, 0.38) * 2.0 ** rng.normal(0, 0.3) / key
  tint = 2.0 ** rng.normal(0, 0.08, 3)
  fall_off = _vignette(height, width, rng.uniform(0, 0.35)) * np.float32(
    exposure
  )
  blur = rng.uniform(0.08, 0.24)
  curve = _tone_curve(rng.uniform(0.9, 1.25), rng.uniform(0, 0.6))
  grain = rng.uniform(0.6, 4.0) / 255
  picture = np.empty((height, width, 3), np.uint8)
  scale = np.float32((_STEPS - 1) / np.sqrt(_WHITE))
  for i in range(3):
    channel = _soften(light[i] * fall_off * np.float32(tint[i]), blur)
    index = np.sqrt(channel) * scale
    np.clip(index, 0, _STEPS - 1, out=index)
    value = curve[index.astype(np.int32)]
    noise = rng.standard_normal((height, width), dtype=np.float32)
    # The tone curve makes noise strongest in the dark.
    noise *= np.float32(grain * 255) * (
      np.float32(1.3) - value * np.float32(0.9 / 255)
    )
    value = value + noise
    np.clip(value, 0, 255, out=value)
    picture[..., i] = np.rint(value)
  return picture


def _vignette(height, width, strength):
  """[H, W] float32, from 1 in the middle to 1 - strength in the corners."""
  y = np.linspace(-1, 1, height, dtype=np.float32) ** 2 / 2
  x = np.linspace(-1, 1, width, dtype=np.float32) ** 2 / 2
  return 1 - np.float32(strength) * (y[:, None] + x)


def _tone_curve(gamma, shoulder):
  """Returns a table [_STEPS] from the root of linear light to 0..255."""
  light = np.linspace(0, 1, _STEPS) ** 2 * _WHITE
  # A soft shoulder that still reaches white.
  bent = light * (1 + light / _WHITE**2) / (1 + shoulder * light)
  bent = bent / (1 + 0.2 * bent)
  bent = np.minimum(bent * (1 + shoulder * 0.4), 1)
  encoded = np.where(
    bent <= 0.0031308, 12.92 * bent, 1.055 * bent ** (1 / 2.4) - 0.055
  )
  return (255 * encoded**gamma).astype(np.float32)


def _soften(channel, side):
  """Blurs with the weights (side, 1 - 2 side, side) along both axes."""
  side = np.float32(side)
  for axis in (0, 1):
    moved = np.moveaxis(channel, axis, 0)
    soft = moved * (1 - 2 * side)
    soft[1:] += side * moved[:-1]
    soft[:-1] += side * moved[1:]
    soft[0] += side * moved[0]
    soft[-1] += side * moved[-1]
    channel = np.moveaxis(soft, 0, axis)
  return channel
