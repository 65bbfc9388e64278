# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import config_types


@dataclasses.dataclass
class _Options:
  size: tuple[int, int] = (1, 2)
  rates: tuple[int, ...] = (1, 2, 3)


@dataclasses.dataclass
class _Reference:
  """Prints as a reference of gin."""

  name: str

  def __str__(self):
    return self.name


def _train(
  epochs: float,
  batch: int = 1,
  fast: bool = False,
  name: str | None = None,
  weights: dict[str, float] | None = None,
  gamma: Sequence[float] = (),
  network: Callable[[], int] | None = None,
  anything=None,
):
  """Does nothing."""


class ConfigTypesTest(parameterized.TestCase):
  @parameterized.parameters(
    ('epochs', 2),
    ('epochs', 0.5),
    ('batch', 0),
    ('fast', True),
    ('name', 'a'),
    ('name', None),
    ('weights', {'a': 1, 'b': 2.5}),
    ('gamma', [1, 2.0]),
    ('gamma', ()),
    ('network', None),
    ('network', len),
    ('epochs', _Reference('%epochs')),
    ('network', _Reference('@tcl')),
    ('gamma', (1, _Reference('%one'))),
    ('anything', 'x'),
  )
  def test_right_types(self, parameter, value):
    self.assertIsNone(config_types.problem(_train, parameter, value))

  @parameterized.parameters(
    ('epochs', 'two', 'a number'),
    ('epochs', None, 'a number'),
    ('epochs', True, 'a number'),
    ('epochs', float('inf'), 'a number'),
    ('batch', 1.5, 'a whole number'),
    ('batch', [1], 'a whole number'),
    ('fast', 1, 'True or False'),
    ('name', 3, 'a text in quotes or None'),
    ('weights', {'a': 'b'}, '{a text in quotes: a number, ...} or None'),
    ('weights', [1], '{a text in quotes: a number, ...} or None'),
    ('gamma', ['a'], '(a number, ...)'),
    ('gamma', 'text', '(a number, ...)'),
    ('epochs', _Reference('@train()'), 'a number'),
    ('name', _Reference('@train()'), 'a text in quotes or None'),
    ('gamma', (1, _Reference('@train()')), '(a number, ...)'),
    ('network', 7, 'a reference such as @name or None'),
  )
  def test_wrong_types(self, parameter, value, expected):
    self.assertEqual(config_types.problem(_train, parameter, value), expected)

  @parameterized.parameters(
    ('size', (1, 2), None),
    ('size', [1, 2], None),
    ('size', (1, 2, 3), '(a whole number, a whole number)'),
    ('size', (1, 'a'), '(a whole number, a whole number)'),
    ('size', 5, '(a whole number, a whole number)'),
    ('rates', (1,), None),
    ('rates', (), None),
    ('rates', (1, 'a'), '(a whole number, ...)'),
  )
  def test_classes(self, parameter, value, expected):
    self.assertEqual(config_types.problem(_Options, parameter, value), expected)


if __name__ == '__main__':
  absltest.main()
