# SPDX-License-Identifier: Apache-2.0
"""Makes an RGB picture, its depth and its label map from a seed."""

import dataclasses
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import photo
from depth_mai.datasets.procedural_rooms import raster
from depth_mai.datasets.procedural_rooms import render
from depth_mai.datasets.procedural_rooms import room
from depth_mai.datasets.procedural_rooms import sensor
from depth_mai.datasets.procedural_rooms import street
from depth_mai.datasets.procedural_rooms import view as view_lib

SPLITS = ('train', 'validation', 'test')

_POSE_TRIES = 8
_PREVIEW_WIDTH = 64
_PREVIEW_M = 8.0  # Round shapes farther away cannot spoil a view.
_MAX_IMAGES = 10**8


@dataclasses.dataclass(frozen=True)
class SceneOptions:
  """The properties that all pairs of a data set share.

  Attributes:
    street_fraction: fraction of the scenes that are streets, 0..1; the others
      are rooms.
    fov_degrees: (from, to), horizontal field of view.
    holes: whether depth is missing where a stereo camera has none: next to near
      edges, on surfaces without texture, and far away.
    range_noise: standard deviation of the depth at 1 m, metres; it grows with
      the square of the distance. 0 for exact depth; 0.0015 resembles a ZED.
    min_depth_m: smaller depths are unknown (0), metres.
    max_depth_m: larger depths are unknown (0), metres.
    height: rows of the pictures.
    width: columns of the pictures.
  """

  street_fraction: float = 0.25
  fov_degrees: tuple = (60.0, 90.0)
  holes: bool = False
  range_noise: float = 0.0
  min_depth_m: float = 0.4
  max_depth_m: float = 50.0
  height: int = 480
  width: int = 640

  def __post_init__(self):
    if not 0 <= self.street_fraction <= 1:
      raise ValueError(
        'SceneOptions.street_fraction must be between 0 and 1, not '
        f'{self.street_fraction}.'
      )
    if not 0 < self.fov_degrees[0] <= self.fov_degrees[1] < 150:
      raise ValueError(
        'SceneOptions.fov_degrees must be (from, to) with 0 < from <= to < '
        f'150 degrees, not {self.fov_degrees}.'
      )
    if not 0 < self.min_depth_m < self.max_depth_m <= 65.535:
      raise ValueError(
        'SceneOptions needs 0 < min_depth_m < max_depth_m <= 65.535 (16-bit '
        f'millimetres), not {self.min_depth_m} and {self.max_depth_m}.'
      )
    if self.height < 16 or self.width < 16:
      raise ValueError(
        'SceneOptions.height and width must be at least 16 pixels, not '
        f'{self.height} and {self.width}.'
      )
    if self.range_noise < 0:
      raise ValueError(
        'SceneOptions.range_noise must be a standard deviation in metres at '
        f'1 m, not {self.range_noise}; 0 turns it off.'
      )


DEFAULT_OPTIONS = SceneOptions()


def pair_seed(seed, split, index):
  """Returns the seed of a pair of a data set; no two pairs share one.

  Args:
    seed: seed of the data set, 0 <= seed < 2 ** 32.
    split: 'train', 'validation' or 'test'.
    index: number of the pair in its split, 0 <= index < 10 ** 8.

  Returns:
    int, a seed for `make_pair`.
  """
  if split not in SPLITS:
    raise ValueError(f'There is no split {split!r}; choose one of {SPLITS}.')
  if not 0 <= index < _MAX_IMAGES or not 0 <= seed < 2**32:
    raise ValueError(
      'The index of a pair must be from 0 to 10**8 - 1 and the seed of a data '
      f'set from 0 to 2**32 - 1, not {index} and {seed}.'
    )
  return (seed * len(SPLITS) + SPLITS.index(split)) * _MAX_IMAGES + index


def make_pair(seed, options=DEFAULT_OPTIONS):
  """Returns the picture and the depth of `make_labelled_pair`."""
  return make_labelled_pair(seed, options)[:2]


def make_labelled_pair(seed, options=DEFAULT_OPTIONS):
  """Makes a picture, its depth and its classes, a function of the arguments.

  Scene, photograph, noise and holes have separate random numbers, so `holes`
  and `range_noise` change only the depth.

  Args:
    seed: int >= 0, for example from `pair_seed`.
    options: `SceneOptions`.

  Returns:
    rgb_uint8: [height, width, 3] uint8.
    depth_mm: [height, width] uint16, millimetres along the optical axis;
      0 is unknown (the sky, out of range, holes).
    labels: [height, width] uint8, numbers of classes.py; exact everywhere, also
      where depth is unknown.
  """
  streams = np.random.SeedSequence(seed).spawn(4)
  scene_rng, photo_rng, noise_rng, hole_rng = (
    np.random.default_rng(stream) for stream in streams
  )
  is_street = scene_rng.random() < options.street_fraction
  world, pose = (street if is_street else room).build(scene_rng)
  view = choose_view(world, pose, scene_rng, options)
  light, depth_m, labels = render.render(world, view)
  rgb_uint8 = photo.photograph(light, photo_rng)
  in_range = (depth_m >= options.min_depth_m) & (depth_m <= options.max_depth_m)
  measured_m = depth_m
  if options.range_noise:
    measured_m = sensor.add_range_noise(depth_m, options.range_noise, noise_rng)
    measured_m = np.clip(measured_m, options.min_depth_m, options.max_depth_m)
  if options.holes:
    in_range &= ~sensor.holes(rgb_uint8, depth_m, view.focal_px, hole_rng)
  depth_mm = np.rint(np.where(in_range, measured_m, 0) * np.float32(1000))
  return rgb_uint8, depth_mm.astype(np.uint16), labels


def choose_view(world, pose, rng, options):
  """Draws poses until one gives a good view; previews are small.

  Args:
    world: `world.World`.
    pose: called with rng; returns origin [3], yaw, pitch and roll.
    rng: `np.random.Generator`.
    options: `SceneOptions`.

  Returns:
    `view.View` at full size.
  """
  best, best_score = None, -np.inf
  for _ in range(_POSE_TRIES):
    origin, yaw, pitch, roll = pose(rng)
    fov = math.radians(rng.uniform(*options.fov_degrees))
    focal_px = options.width / 2 / math.tan(fov / 2)
    view = view_lib.View(
      origin,
      view_lib.look(yaw, pitch, roll),
      focal_px,
      options.width,
      options.height,
    )
    preview_height = max(_PREVIEW_WIDTH * options.height // options.width, 1)
    preview = view.resized(_PREVIEW_WIDTH, preview_height)
    offset = world.quadrics.centre - origin
    near = np.sum(offset * offset, axis=1) < _PREVIEW_M**2
    seen = raster.visible(
      world.quads, world.quadrics, preview, draw_quadric=near
    )
    close_m = 1.35 if world.sky is None else 2.5
    score = _view_score(seen.inverse_depth, options.min_depth_m + 0.1, close_m)
    if score > best_score:
      best, best_score = view, score
    if score > 0:
      break
  return best


def _view_score(inverse_depth, lens_m, close_m):
  """Returns a score above 0 if near and far, but nothing close, is visible."""
  near = np.mean(inverse_depth > 1 / lens_m)
  close = np.mean(inverse_depth > 1 / close_m)
  far = np.mean(inverse_depth < 1 / (1.6 * close_m))
  return min(0.3 - close, far - 0.25) - 20 * near
