# SPDX-License-Identifier: Apache-2.0
"""Tests of giving sizes to inputs that leave them open."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import interpreter
from depth_mai.runtime import open_sizes
from tests.runtime import foreign_model


class ClosedTest(parameterized.TestCase):
  @parameterized.parameters(
    ((-1, 96, 128, 3), (1, 96, 128, 3)),
    ((1, -1, -1, 3), (1, 48, 64, 3)),
    ((-1, -1, -1, -1), (1, 48, 64, 3)),
    ((1, 3, -1, -1), (1, 3, 48, 64)),
    ((-1, 3, 24, -1), (1, 3, 24, 64)),
    # Both may be channels: the challenge's layout.
    ((1, 3, -1, 3), (1, 3, 64, 3)),
    ((-1, 10), (1, 10)),
    ((), ()),
  )
  def test_shapes(self, signature, want):
    self.assertEqual(open_sizes.closed(signature, (48, 64)), want)


class CloseTest(parameterized.TestCase):
  @parameterized.parameters((True,), (False,))
  def test_the_graph_runs_at_the_given_size(self, xnnpack):
    content = foreign_model.mean((1, -1, -1, 3), 2.0, 100.0)
    loaded = interpreter.load_interpreter(content, 1, xnnpack, (5, 7))
    (source,) = loaded.get_input_details()
    (target,) = loaded.get_output_details()
    self.assertEqual(source['shape'].tolist(), [1, 5, 7, 3])
    self.assertEqual(target['shape'].tolist(), [1, 5, 7, 1])
    picture = np.random.default_rng(0).random((1, 5, 7, 3), np.float32)
    loaded.set_tensor(source['index'], picture)
    loaded.invoke()
    np.testing.assert_allclose(
      loaded.get_tensor(target['index']),
      100 + 2 * picture.mean(-1, keepdims=True),
      rtol=1e-6,
    )

  def test_the_challenges_size_is_the_default(self):
    loaded = interpreter.load_interpreter(foreign_model.mean((-1, -1, -1, 3)))
    (source,) = loaded.get_input_details()
    self.assertEqual(source['shape'].tolist(), [1, 480, 640, 3])


if __name__ == '__main__':
  absltest.main()
