# SPDX-License-Identifier: Apache-2.0
"""Builds optimizers and learning-rate schedules for a number of steps.

The schedules are our own: Keras' CosineDecay starts its warm-up one step later,
and its PolynomialDecay has no warm-up.
"""

from collections.abc import Callable
import dataclasses
import math
import typing

import keras

from depth_mai.training import fused_adam

Schedule: typing.TypeAlias = keras.optimizers.schedules.LearningRateSchedule

# Where Adam adds epsilon: before or after the bias correction.
EPSILON_PLACEMENTS = {
  'keras': fused_adam.FusedAdam,
  'pytorch': fused_adam.PytorchAdam,
}
# These weights scale and shift; decay would pull them towards zero.
_UNDECAYED = ('bias', 'gamma', 'beta', 'alpha', 'positions', 'class_token')


@dataclasses.dataclass(eq=False)
class _WarmUpThenDecay(Schedule):
  """Linear warm-up to the peak, then a decay to the end.

  The warm-up starts at `warmup_ratio` of the peak. A run that is shorter than
  `warmup_steps` warms up for a tenth of its steps. The decay is that of
  `polynomial`, or that of `cosine` if `power` is None.
  """

  total_steps: int
  peak: float
  end: float
  warmup_steps: int
  warmup_ratio: float
  power: float | None = None

  def __post_init__(self):
    """Shortens the warm-up of a short run."""
    if self.warmup_steps >= self.total_steps:
      self.warmup_steps = self.total_steps // 10

  def __call__(self, step):
    """Returns the learning rate of a step, counted from 0."""
    ops = keras.ops
    step = ops.cast(step, 'float32')
    start = float(self.warmup_steps)
    ratio = self.warmup_ratio
    warmup = ratio + (1 - ratio) * (step + 1) / max(start, 1.0)
    progress = ops.clip((step - start) / (self.total_steps - start), 0.0, 1.0)
    if self.power is None:
      part = 0.5 * (1 + ops.cos(math.pi * progress))
    else:
      part = (1 - progress) ** self.power
    return ops.where(
      step < start,
      self.peak * ops.minimum(warmup, 1.0),
      self.end + (self.peak - self.end) * part,
    )

  def get_config(self):
    """Returns the constructor's arguments."""
    return dataclasses.asdict(self)


def polynomial(
  total_steps: int,
  peak: float = 4e-3,
  end: float = 1e-3,
  power: float = 0.9,
  warmup_steps: int = 1500,
  warmup_ratio: float = 1e-4,
) -> Schedule:
  """Builds a polynomial decay, end + (peak - end) (1 - progress)^power.

  The defaults are LiteDepth's.

  Args:
    total_steps: number of steps of the whole training.
    peak: learning rate after the warm-up.
    end: learning rate of the last step.
    power: exponent of the decay.
    warmup_steps: length of the linear warm-up; a tenth of a shorter run.
    warmup_ratio: first learning rate as a fraction of the peak.

  Returns:
    A Keras schedule.
  """
  return _WarmUpThenDecay(
    total_steps, peak, end, warmup_steps, warmup_ratio, power
  )


def cosine(
  total_steps: int,
  peak: float = 2e-3,
  end: float = 0.0,
  warmup_steps: int = 300,
  warmup_ratio: float = 0.0,
) -> Schedule:
  """Builds half a cosine from peak to end; arguments as in `polynomial`."""
  return _WarmUpThenDecay(total_steps, peak, end, warmup_steps, warmup_ratio)


def adam(
  total_steps: int,
  schedule: Callable[[int], Schedule] = polynomial,
  epsilon: float = 1e-3,
  epsilon_placement: str = 'keras',
) -> keras.optimizers.Optimizer:
  """Builds Adam, by default with LiteDepth's epsilon of 1e-3.

  Args:
    total_steps: number of steps of the whole training, for the schedule.
    schedule: builds a Keras schedule for a number of steps.
    epsilon: Adam's epsilon.
    epsilon_placement: 'keras' adds epsilon before the bias correction,
      'pytorch' (LiteDepth) after it. With 1e-3 the difference is large:
      Keras moves a weight whose gradient is 1e-4 28.8 times less far in the
      first step, 4.4 times less far in 100 steps and 1.67 times in 1000.

  Returns:
    A Keras optimizer.

  Raises:
    ValueError: for another placement.
  """
  if epsilon_placement not in EPSILON_PLACEMENTS:
    raise ValueError(
      f'adam.epsilon_placement={epsilon_placement!r} is not one of '
      f'{list(EPSILON_PLACEMENTS)}; change it in the gin file.'
    )
  optimizer = EPSILON_PLACEMENTS[epsilon_placement]
  return optimizer(schedule(total_steps), epsilon=epsilon)


def adamw(
  total_steps: int,
  schedule: Callable[[int], Schedule] = cosine,
  weight_decay: float = 0.05,
  epsilon: float = 1e-7,
) -> keras.optimizers.Optimizer:
  """Builds AdamW; biases and normalisation weights are not decayed.

  Args:
    total_steps: number of steps of the whole training, for the schedule.
    schedule: builds a Keras schedule for a number of steps.
    weight_decay: decoupled weight decay, multiplied by the learning rate.
    epsilon: Adam's epsilon.

  Returns:
    A Keras optimizer.
  """
  optimizer = fused_adam.FusedAdamW(
    schedule(total_steps), weight_decay=weight_decay, epsilon=epsilon
  )
  optimizer.exclude_from_weight_decay(var_names=list(_UNDECAYED))
  return optimizer
