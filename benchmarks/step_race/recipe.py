# SPDX-License-Identifier: Apache-2.0
"""What both sides of the race train with, and what proves that they do.

The workers of both sides import this module, so it needs only NumPy.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

# Chosen: the optimizer of gin_configs/base/small_data.gin at a constant rate.
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
# So small that it does not matter where PyTorch adds it.
ADAM_EPSILON = 1e-12
GRADIENT_CLIP = 35.0
EMA_DECAY = 0.998
# SILog.
VARIANCE_FOCUS = 0.85
EPS_M = 1e-3

# Files in the folder that both sides read; see graph.export.
GRAPH = 'graph.json'
WEIGHTS = 'weights.npz'
BATCH = 'batch.npz'
NETWORK = 'network.keras'

_FIRST_STEPS = 5
# Largest difference of the predictions, metres.
_PREDICTION_TOLERANCE_M = 1e-4
# Largest relative difference of the others in float32, and in bfloat16, whose
# numbers have 8 bits. Deep networks differ most.
_TOLERANCES = {
  'losses': (5e-3, 0.03),
  'gradient_norm': (2e-3, 0.05),
  'moved': (0.05, 0.1),
  'average_moved': (0.05, 0.1),
}


class Evidence(NamedTuple):
  """What a worker found before it was timed.

  Attributes:
    prediction_error_m: largest difference between its prediction with the
      first weights and that of Keras, metres.
    losses: of the first steps.
    gradient_norm: of the first step, before clipping.
    moved: root of the squared sum of what these steps changed in the weights
      that are trained.
    average_moved: the same for the averages of these weights.
  """

  prediction_error_m: float
  losses: list[float]
  gradient_norm: float
  moved: float
  average_moved: float


def batch(
  height: int, width: int, size: int, seed: int = 1
) -> dict[str, np.ndarray]:
  """Makes a batch of noise, in which a tenth of the depth is unknown.

  Args:
    height: height of the pictures and of the depth, pixels.
    width: their width, pixels.
    size: number of pictures.
    seed: seed of the noise.

  Returns:
    'rgb' [B, H, W, 3], 0..255, 'depth_m' [B, H, W, 1], metres, both float32,
    and 'valid_mask' [B, H, W, 1], bool.
  """
  rng = np.random.default_rng(seed)
  shape = (size, height, width, 1)
  return {
    'rgb': rng.uniform(0, 255, (*shape[:3], 3)).astype(np.float32),
    'depth_m': rng.lognormal(1, 0.5, shape).astype(np.float32),
    'valid_mask': rng.random(shape) < 0.9,
  }


def distance(
  values: Iterable[np.ndarray], others: Iterable[np.ndarray]
) -> float:
  """Returns the Euclidean distance between two lists of arrays."""
  squares = [
    np.sum(np.square(np.asarray(a, np.float64) - np.asarray(b, np.float64)))
    for a, b in zip(values, others, strict=True)
  ]
  return float(np.sqrt(np.sum(squares)))


def evidence(
  prediction_error_m: float,
  step: Callable[[], tuple[float, float]],
  weights: Callable[[], list[np.ndarray]],
  average: Callable[[], list[np.ndarray]],
) -> Evidence:
  """Takes the first steps of a worker.

  Args:
    prediction_error_m: see Evidence.
    step: takes a step and returns the loss and the norm of the gradient.
    weights: returns copies of the weights that are trained.
    average: returns copies of their averages, which start at the same values.
  """
  first = weights()
  losses, norms = zip(*(step() for _ in range(_FIRST_STEPS)), strict=True)
  return Evidence(
    prediction_error_m,
    list(losses),
    norms[0],
    distance(weights(), first),
    distance(average(), first),
  )


def check(
  name: str, found: Evidence, expected: Evidence, bfloat16: bool = False
) -> None:
  """Checks that a worker trains what another one does.

  Args:
    name: of the worker, for the message.
    found: its evidence.
    expected: that of the other one.
    bfloat16: whether one of them computes in bfloat16.

  Raises:
    ValueError: if they differ.
  """
  if not found.prediction_error_m <= _PREDICTION_TOLERANCE_M:
    raise ValueError(
      f'{name}: the prediction differs from that of Keras by '
      f'{found.prediction_error_m:.2g} m, more than {_PREDICTION_TOLERANCE_M} '
      'm. Correct the layers in benchmarks/step_race/twin.py.'
    )
  for field, tolerances in _TOLERANCES.items():
    value, other = getattr(found, field), getattr(expected, field)
    if not np.allclose(value, other, rtol=tolerances[bfloat16], atol=0):
      raise ValueError(
        f'{name}: {field} of the first steps is {value}, not {other}. Both '
        'sides in benchmarks/step_race must train the same.'
      )
