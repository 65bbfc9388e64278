# SPDX-License-Identifier: Apache-2.0
"""Tests of the predictions that are shown."""

import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.ranking import examples
from tests.ranking import small_contest


class PredictTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_contest.write_models(
      self.root,
      near=small_contest.network(10.0),
      far=small_contest.network(10.0, 500.0),
    )
    self.models = {
      name: self.root / f'{name}.tflite' for name in ('near', 'far')
    }
    self.read = []

  def pairs(self, sizes):
    for number, size in enumerate(sizes):
      self.read.append(number)
      yield (
        f'{number}',
        np.full((*size, 3), number, np.uint8),
        np.full(size, 1000, np.uint16),
      )

  def test_the_pictures_asked_for_by_every_network(self):
    shown = examples.predict(
      self.models, self.pairs([small_contest.SIZE] * 9), (1, 4)
    )
    self.assertEqual([name for name, _, _ in shown.images], ['1', '4'])
    self.assertEqual(list(shown.predictions), ['near', 'far'])
    for name, offset in (('near', 0), ('far', 500)):
      for depth_mm, red in zip(shown.predictions[name], (1, 4), strict=True):
        np.testing.assert_allclose(
          depth_mm, np.full(small_contest.SIZE, 10 * red + offset), rtol=1e-5
        )
    # The rest of a large split is left alone.
    self.assertEqual(self.read, [0, 1, 2, 3, 4])

  def test_depth_has_the_size_of_the_picture(self):
    shown = examples.predict(self.models, self.pairs([(30, 20)]), [0], 2)
    self.assertEqual(shown.predictions['far'][0].shape, (30, 20))

  def test_bad_file(self):
    with self.assertRaisesRegex(ValueError, 'no model file'):
      examples.predict({'x': '/x/y.tflite'}, self.pairs([(4, 4)]), [0])


if __name__ == '__main__':
  absltest.main()
