# SPDX-License-Identifier: Apache-2.0
"""Learning-rate schedules with a linear warm-up, as Keras schedules."""

import math

import keras


class _Warmup(keras.optimizers.schedules.LearningRateSchedule):
  """Linear warm-up from `warmup_ratio` of the peak, then `_decay`."""

  def __init__(
    self,
    total_steps: int,
    peak: float,
    end: float,
    warmup_steps: int,
    warmup_ratio: float,
  ):
    if warmup_steps >= total_steps:
      # A short run keeps a warm-up: a tenth of its steps.
      warmup_steps = total_steps // 10
    self.total_steps = total_steps
    self.peak = peak
    self.end = end
    self.warmup_steps = warmup_steps
    self.warmup_ratio = warmup_ratio

  def _decay(self, progress):
    raise NotImplementedError

  def __call__(self, step):
    """Returns the learning rate of a step, counted from 0."""
    ops = keras.ops
    step = ops.cast(step, 'float32')
    start = float(self.warmup_steps)
    ratio = self.warmup_ratio
    warmup = ratio + (1 - ratio) * (step + 1) / max(start, 1.0)
    progress = ops.clip((step - start) / (self.total_steps - start), 0.0, 1.0)
    return ops.where(
      step < start,
      self.peak * ops.minimum(warmup, 1.0),
      self._decay(progress),
    )

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      'total_steps': self.total_steps,
      'peak': self.peak,
      'end': self.end,
      'warmup_steps': self.warmup_steps,
      'warmup_ratio': self.warmup_ratio,
    }


class _Polynomial(_Warmup):
  """end + (peak - end) (1 - progress)^power."""

  def __init__(self, *args, power: float, **kwargs):
    super().__init__(*args, **kwargs)
    self.power = power

  def _decay(self, progress):
    return self.end + (self.peak - self.end) * (1 - progress) ** self.power

  def get_config(self):
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'power': self.power}


class _Cosine(_Warmup):
  """Half a cosine from peak to end."""

  def _decay(self, progress):
    wave = 0.5 * (1 + keras.ops.cos(math.pi * progress))
    return self.end + (self.peak - self.end) * wave


def polynomial(
  total_steps: int,
  peak: float = 4e-3,
  end: float = 1e-3,
  power: float = 0.9,
  warmup_steps: int = 1500,
  warmup_ratio: float = 1e-4,
) -> keras.optimizers.schedules.LearningRateSchedule:
  """Polynomial decay; the defaults are LiteDepth's.

  Args:
    total_steps: of the whole training.
    peak: learning rate after the warm-up.
    end: learning rate of the last step.
    power: of the decay.
    warmup_steps: of the linear warm-up; a tenth of the run if it is shorter.
    warmup_ratio: first learning rate as a part of the peak.

  Returns:
    A Keras schedule.
  """
  return _Polynomial(
    total_steps, peak, end, warmup_steps, warmup_ratio, power=power
  )


def cosine(
  total_steps: int,
  peak: float = 2e-3,
  end: float = 0.0,
  warmup_steps: int = 300,
  warmup_ratio: float = 0.0,
) -> keras.optimizers.schedules.LearningRateSchedule:
  """Cosine decay; arguments as in `polynomial`."""
  return _Cosine(total_steps, peak, end, warmup_steps, warmup_ratio)
