# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/model_files.py."""

from absl.testing import absltest
import numpy as np

from benchmarks.damage import model_files
from tests.runtime import tiny_model


class ModelFilesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.content = tiny_model.float_model(kernel=tuple([0.5] * 3))
    self.found = [
      model_files.damaged_model(self.content, np.random.default_rng(number))
      for number in range(120)
    ]

  def test_nan_is_seen_and_only_then_is_nothing_sealed(self):
    self.assertFalse(model_files.has_nan(self.content))
    with_nan = [one for one in self.found if one.what.endswith(' = NaN')]
    self.assertNotEmpty(with_nan)
    for one in with_nan:
      self.assertTrue(model_files.has_nan(one.content))
      self.assertFalse(one.sealed)
    self.assertTrue(
      all(one.sealed for one in self.found if one not in with_nan)
    )

  def test_one_field_of_one_object_is_changed(self):
    packed = [one for one in self.found if one.what.startswith('model.')]
    self.assertGreater(len(packed), 30)
    for one in packed:
      model_files.unchecked(one.content)

  def test_constants_are_moved_outside(self):
    moved = [one for one in self.found if one.what.startswith('constant at')]
    self.assertNotEmpty(moved)
    for one in moved:
      buffers = model_files.unchecked(one.content).buffers
      (outside,) = [buffer for buffer in buffers if buffer.offset]
      self.assertIsNone(outside.data)

  def test_words_of_the_tables_are_changed(self):
    words = [one for one in self.found if ' bytes at ' in one.what]
    self.assertGreater(len(words), 20)
    for one in words:
      self.assertLen(one.content, len(self.content))


if __name__ == '__main__':
  absltest.main()
