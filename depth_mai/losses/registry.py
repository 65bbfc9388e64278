# SPDX-License-Identifier: Apache-2.0
"""Registers losses by name, with their resolution; checks their options."""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses

# 'target': at the target's size, on the upsampled prediction. 'prediction': at
# the prediction's size, on the downsampled target; for losses that compare
# neighbours, because the gradient of an upsampled map depends more on the
# interpolation than on the network.
RESOLUTIONS = ('target', 'prediction')


@dataclasses.dataclass(frozen=True)
class Loss:
  """A registered loss.

  Attributes:
    function: (pred_depth_m, depth_m, valid_mask) -> float32 scalar, metres in
      both maps; options follow as keyword arguments.
    resolution: one of RESOLUTIONS.
    bind: returns the function with the options of the place that asks for it,
      such as a scope of gin.
  """

  function: Callable
  resolution: str
  bind: Callable[[Callable], Callable] = lambda function: function

  def bound(self) -> Callable:
    """Returns the function with the options of the caller's place."""
    return self.bind(self.function)


# Filled by `register` when the loss's module is imported; weighted.losses()
# imports them all.
LOSSES: dict[str, Loss] = {}


def register(*, resolution: str) -> Callable[[Callable], Callable]:
  """Registers the decorated loss under the name of its function.

  The name is that of the gin configurable, and a key of WeightedLoss.weights.

  Args:
    resolution: one of RESOLUTIONS; WeightedLoss.resolutions can overrule it.

  Raises:
    ValueError: for another resolution, or a second loss of the same name.
  """
  if resolution not in RESOLUTIONS:
    raise ValueError(
      f'resolution={resolution!r} is not one of {RESOLUTIONS}. Change it where '
      'the loss is registered.'
    )

  def add(function: Callable) -> Callable:
    name = function.__name__
    if name in LOSSES:
      raise ValueError(
        f'The module {function.__module__} registers the loss {name!r}, which '
        f'{LOSSES[name].function.__module__} has registered already. Rename '
        'one of the functions.'
      )
    LOSSES[name] = Loss(function, resolution)
    return function

  return add


def check_choice(
  owner: str, name: str, value: object, choices: Sequence[str]
) -> None:
  """Raises a ValueError that names the gin key for any but a few values.

  Args:
    owner: name of the loss, or of another configurable.
    name: name of the option.
    value: value of the option.
    choices: the allowed values.
  """
  check_option(owner, name, value, value in choices, f'one of {choices}')


def check_option(
  owner: str, name: str, value: object, is_allowed: bool, allowed: str
) -> None:
  """Raises a ValueError that names the gin key unless an option is allowed.

  Args:
    owner: name of the loss, or of another configurable.
    name: name of the option.
    value: value of the option.
    is_allowed: whether the value is allowed.
    allowed: a description of the allowed values, e.g. 'above 0'.
  """
  if not is_allowed:
    raise ValueError(
      f'{name}={value!r} must be {allowed}; change {owner}.{name} in the gin '
      'file.'
    )
