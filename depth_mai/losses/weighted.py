# SPDX-License-Identifier: Apache-2.0
"""WeightedLoss: a weighted sum of losses, each at its own resolution."""

import collections.abc
import dataclasses
import importlib
import math
import pkgutil
from typing import Any

import tensorflow as tf

from depth_mai import losses as losses_package
from depth_mai.files import near_names
from depth_mai.losses import registry
from depth_mai.losses import resolution


def losses() -> dict[str, registry.Loss]:
  """Returns the losses that the modules of this package register, by name."""
  for module in pkgutil.iter_modules(
    losses_package.__path__, f'{losses_package.__name__}.'
  ):
    importlib.import_module(module.name)
  return dict(sorted(registry.LOSSES.items()))


@dataclasses.dataclass(frozen=True)
class _Term:
  weight: float
  function: collections.abc.Callable
  resolution: str


class WeightedLoss:
  """Weighted sum of named terms; call it on a low-resolution prediction.

      loss = WeightedLoss({'silog': 1.0, 'gradient': 0.25})
      total, values = loss(pred_depth_m, depth_m, valid_mask)

  Attributes:
    weights: name -> weight of each term, in the order given.
  """

  def __init__(
    self,
    weights: dict[str, float],
    terms: dict[str, str | collections.abc.Callable] | None = None,
    resolutions: dict[str, str] | None = None,
    upsampling: str = 'bilinear',
    downsampling: str = 'average',
  ):
    """Finds the functions of the terms.

    Args:
      weights: name -> weight, finite and >= 0. A term of weight 0 is only
        reported: it adds nothing to the total or to its gradient.
      terms: further names, or other functions for known ones: name -> a
        function (pred_depth_m, depth_m, valid_mask) -> scalar, for instance one
        configured by gin, or the name of a registered loss.
      resolutions: name -> 'target' (at the target's size, on the upsampled
        prediction) or 'prediction' (at the prediction's size, on the
        downsampled target), where that differs from the resolution that the
        loss is registered with.
      upsampling: how the prediction is enlarged, 'bilinear' or 'nearest'.
      downsampling: how the target is reduced, 'average' or 'nearest'; see
        resolution.py.

    Raises:
      ValueError: for a name, weight, resolution or method that is not allowed.
    """
    terms = dict(terms or {})
    resolutions = dict(resolutions or {})
    registered = losses()
    known = sorted({*registered, *terms})
    if not weights:
      raise ValueError(
        'WeightedLoss.weights is empty; give at least one of the terms '
        f'{known} a weight in the gin file.'
      )
    for name in [*weights, *resolutions]:
      _check_name(name, known)
    for option, value, choices in (
      ('upsampling', upsampling, resolution.UPSAMPLINGS),
      ('downsampling', downsampling, resolution.DOWNSAMPLINGS),
    ):
      registry.check_choice('WeightedLoss', option, value, choices)
    self.weights = {
      name: _checked_weight(name, weight) for name, weight in weights.items()
    }
    self._upsampling = upsampling
    self._downsampling = downsampling
    self._terms = {
      name: _make_term(name, weight, terms, resolutions, registered)
      for name, weight in self.weights.items()
    }

  def __call__(
    self, pred_depth_m: tf.Tensor, depth_m: tf.Tensor, valid_mask: tf.Tensor
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Computes the sum and its terms.

    Args:
      pred_depth_m: predicted depth [B, h, w, 1], metres, any float type.
      depth_m: target depth [B, H, W, 1], metres.
      valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.

    Returns:
      (total, values): a float32 scalar, the sum of weight times value, and a
      dict name -> value without its weight, a float32 scalar.

    Raises:
      ValueError: for shapes that do not fit.
    """
    depth_m = tf.convert_to_tensor(depth_m)
    maps = {}  # by resolution
    total = tf.zeros([], tf.float32)
    values = {}
    for name, term in self._terms.items():
      if term.resolution not in maps:
        maps[term.resolution] = self._maps_at(
          term.resolution, pred_depth_m, depth_m, valid_mask
        )
      value = tf.cast(term.function(*maps[term.resolution]), tf.float32)
      if term.weight:
        total += term.weight * value
      values[name] = value
    return total, values

  def _maps_at(
    self,
    where: str,
    pred_depth_m: tf.Tensor,
    depth_m: tf.Tensor,
    valid_mask: tf.Tensor,
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the three arguments of a loss at a resolution."""
    pred_depth_m = tf.cast(pred_depth_m, tf.float32)
    if where == 'target':
      pred_depth_m = resolution.upsample_prediction(
        pred_depth_m, *_size(depth_m), self._upsampling
      )
    else:
      depth_m, valid_mask = resolution.downsample_target(
        depth_m, valid_mask, *_size(pred_depth_m), self._downsampling
      )
    return pred_depth_m, depth_m, valid_mask


def _make_term(
  name: str,
  weight: float,
  terms: dict[str, str | collections.abc.Callable],
  resolutions: dict[str, str],
  registered: dict[str, registry.Loss],
) -> _Term:
  """Finds the function of a term and the resolution it is computed at."""
  function = terms.get(name, name)
  registered_name = name
  if not callable(function):
    registered_name = function
    _check_name(registered_name, sorted(registered))
    function = registered[registered_name].bound()
  if name in resolutions:
    where = resolutions[name]
  elif registered_name in registered:
    where = registered[registered_name].resolution
  else:
    where = 'target'
  registry.check_choice(
    'WeightedLoss', f'resolutions[{name!r}]', where, registry.RESOLUTIONS
  )
  return _Term(weight, function, where)


def _check_name(name: str, known: list[str]) -> None:
  if name in known:
    return
  raise ValueError(
    f'{name!r} is not a loss term; known terms are {known}. '
    f'{near_names.hint(str(name), known)} Change WeightedLoss.weights, .terms '
    'or .resolutions in the gin file.'
  )


def _checked_weight(name: str, weight: object) -> float:
  if not (isinstance(weight, (int, float)) and 0 <= weight < math.inf):
    raise ValueError(
      f'The weight {weight!r} of loss term {name!r} must be a finite number of '
      '0 or more; change WeightedLoss.weights in the gin file.'
    )
  return float(weight)


def _size(maps: tf.Tensor) -> tuple[Any, Any]:
  """Returns (height, width) of maps, as tensors where they are unknown."""
  height, width = maps.shape[1:3]
  dynamic = tf.shape(maps)
  return (
    dynamic[1] if height is None else height,
    dynamic[2] if width is None else width,
  )
