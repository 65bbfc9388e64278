# SPDX-License-Identifier: Apache-2.0
"""Checks the options of a training before anything is built or written."""

from collections.abc import Callable
from collections.abc import Mapping
import inspect
import math
from typing import Any

from depth_mai.data import augmentation
from depth_mai.data import pipeline
from depth_mai.distillation import distillation
from depth_mai.training import mixing
from depth_mai.training import precision
from depth_mai.training import strategies

_LARGEST_SEED = 2**32 - 1


def _is_integer(value: object, least: int, most: float = math.inf) -> bool:
  return type(value) is int and least <= value <= most


def _is_number(value: object) -> bool:
  return type(value) in (int, float) and math.isfinite(value)  # type: ignore


def _is_size(value: object) -> bool:
  return (
    isinstance(value, (tuple, list))
    and len(value) == 2
    and all(_is_integer(length, 1) for length in value)
  )


def _is_name_or_none(value: object) -> bool:
  return value is None or (isinstance(value, str) and value != '')


def _takes_arguments(value: object, count: int) -> bool:
  """Returns whether a value is a function that takes this many arguments."""
  if not callable(value) or isinstance(value, type):
    return False
  try:
    # gin may add those that are missing.
    inspect.signature(value).bind_partial(*range(count))
  except TypeError:
    return False
  return True


def _one_of(names: tuple[str, ...]) -> tuple[Callable[[Any], bool], str]:
  return lambda value: value in names, f'one of {", ".join(map(repr, names))}'


_FUNCTION = (
  # A built network or optimizer, as '@tcl()' is, can be called, too.
  lambda value: callable(value) and not hasattr(value, 'get_config'),
  "a function, in gin a name such as '@tcl' without parentheses",
)
_LOSS = (
  lambda value: value is None or _takes_arguments(value, 3),
  'None, or a function of (prediction, depth_m, valid_mask), in gin such as '
  "'@WeightedLoss()'",
)
_POSITIVE_INTEGER = (lambda value: _is_integer(value, 1), 'an integer above 0')
_INTEGER = (lambda value: _is_integer(value, 0), 'an integer of 0 or more')
# Option -> (whether a value is allowed, the allowed values for messages).
_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
  'network': _FUNCTION,
  'optimizer': _FUNCTION,
  'loss': _LOSS,
  'augmentation': (
    lambda value: value is None or isinstance(value, augmentation.Augmentation),
    "None, or in gin '@Augmentation()'",
  ),
  'mixing': (
    lambda value: value is None or isinstance(value, mixing.Mixing),
    "None, or in gin '@Mixing()'",
  ),
  'epochs': (lambda value: _is_number(value) and value > 0, 'a number above 0'),
  'batch_size': _POSITIVE_INTEGER,
  'target_size': (_is_size, '(height, width), two integers above 0'),
  'cache': _one_of(pipeline.CACHES),
  'gradient_clip': (
    lambda value: value is None or (_is_number(value) and value > 0),
    'a number above 0, or None',
  ),
  'ema_decay': (
    lambda value: _is_number(value) and 0 <= value < 1,
    'a number from 0 to below 1',
  ),
  'precision': _one_of(precision.PRECISIONS),
  'strategy': _one_of(tuple(strategies.STRATEGIES)),
  'seed': (
    lambda value: _is_integer(value, 0, _LARGEST_SEED),
    f'an integer from 0 to {_LARGEST_SEED}',
  ),
  'initial_network': (
    _is_name_or_none,
    'None, or the name of a file or of a system in quotes',
  ),
  'initial_encoder': (
    _is_name_or_none,
    "None, or a source of weights in quotes, such as 'keras_cv:PRESET'",
  ),
  'encoder_names': (_is_name_or_none, 'None, or the name of a file in quotes'),
  'quantisation': (
    lambda value: (
      value is None or (hasattr(value, 'apply') and not isinstance(value, type))
    ),
    "None, or in gin '@FakeQuantisation()'",
  ),
  'distillation': (
    lambda value: value is None or isinstance(value, distillation.Distillation),
    "None, or in gin '@Distillation()'",
  ),
  'evaluations': _INTEGER,
  'train_eval_images': _INTEGER,
  'log_every_steps': _POSITIVE_INTEGER,
  'checkpoint_every_steps': _POSITIVE_INTEGER,
}


def check(options: Mapping[str, object], owner: str = 'train') -> None:
  """Refuses values of a wrong type or out of range.

  Args:
    options: arguments of loop.train, or of a function that shares some of them,
      by name; others than the options of a training are ignored.
    owner: name of the function in gin.

  Raises:
    ValueError: names the option, its value and what is allowed.
  """
  for name, (is_allowed, allowed) in _ALLOWED.items():
    if name in options and not is_allowed(options[name]):
      raise ValueError(
        f'{owner}.{name} is {options[name]!r}; allowed: {allowed}. Change it '
        'in the gin file or with --gin_param.'
      )
  _check_cache(options.get('distillation'), options.get('augmentation'))


def _check_cache(teaching: Any, changes: Any) -> None:
  """Refuses to keep a teacher's maps of pictures that change."""
  if teaching is None or teaching.cache_dir is None:
    return
  changes = changes or augmentation.Augmentation()
  if changes.random_options:
    listed = ', '.join(
      f'Augmentation.{name} = {getattr(changes, name)!r}'
      for name in changes.random_options
    )
    raise ValueError(
      "Distillation.cache_dir keeps the teacher's maps of each picture, but "
      f'the augmentation changes the pictures at random: {listed}. Switch '
      "these off ('none', 0 or equal bounds) in the gin file, or remove "
      'Distillation.cache_dir.'
    )
