# SPDX-License-Identifier: Apache-2.0
"""Checks the values of a configuration against the annotations of functions.

A wrong type would otherwise fail after the data is prepared, in the middle of a
network, with a message about tensors.
"""

import collections.abc
from collections.abc import Callable
import inspect
import math
import types
import typing
from typing import Any

_NAMES = {
  int: 'a whole number',
  float: 'a number',
  bool: 'True or False',
  str: 'a text in quotes',
  types.NoneType: 'None',
}
_PLAIN = (int, float, bool, str, types.NoneType, list, tuple, dict)


def problem(function: Callable, parameter: str, value: Any) -> str | None:
  """Returns what a parameter takes, if a value is not of its type.

  Args:
    function: a function or class with annotations.
    parameter: the name of one of its parameters.
    value: a number, text, list, tuple, dict or None; or a reference, which is
      printed as @name or, to a value elsewhere in the file, as %name.
  """
  callable_ = function.__init__ if inspect.isclass(function) else function
  hint = typing.get_type_hints(callable_).get(parameter, Any)
  return None if _fits(value, hint) else _description(hint)


def _fits(value: Any, hint: Any) -> bool:
  if hint is Any:
    return True
  origin, inner = typing.get_origin(hint), typing.get_args(hint)
  if origin in (types.UnionType, typing.Union):
    return any(_fits(value, one) for one in inner)
  if not isinstance(value, _PLAIN):
    # The value that %name stands for is not known yet.
    return hint not in _NAMES or str(value).startswith('%')
  if hint in (int, float):
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (
      hint is float and isinstance(value, float) and math.isfinite(value)
    )
  if hint in (bool, str, types.NoneType):
    return isinstance(value, hint)
  if origin is dict:
    return isinstance(value, dict) and all(
      _fits(key, inner[0]) and _fits(one, inner[1])
      for key, one in value.items()
    )
  if origin in (tuple, list, collections.abc.Sequence):
    if not isinstance(value, list | tuple):
      return False
    if origin is tuple and Ellipsis not in inner and len(value) != len(inner):
      return False
    kinds = inner if len(inner) == len(value) else inner[:1] * len(value)
    kinds = tuple(inner[0] if one is Ellipsis else one for one in kinds)
    return all(map(_fits, value, kinds))
  # A class or a function, which a plain value never is.
  return False


def _description(hint: Any) -> str:
  origin, inner = typing.get_origin(hint), typing.get_args(hint)
  if hint in _NAMES:
    return _NAMES[hint]
  if origin in (types.UnionType, typing.Union):
    return ' or '.join(map(_description, inner))
  if origin is dict:
    return f'{{{_description(inner[0])}: {_description(inner[1])}, ...}}'
  if origin is tuple and Ellipsis not in inner:
    return f'({", ".join(map(_description, inner))})'
  if origin in (tuple, list, collections.abc.Sequence):
    return f'({_description(inner[0])}, ...)'
  return 'a reference such as @name'
