# SPDX-License-Identifier: Apache-2.0
"""Tests of TFLite 2.5.0 in the sandbox, where it is set up."""

import itertools
import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import lockdown
from depth_mai.judging import old_runtime
from depth_mai.judging import request
from depth_mai.judging import verdict
from tests.devices.tflite_2_5 import old_tflite
from tests.judging import hostile_files
from tests.judging import hostile_graphs
from tests.lite import hand_made
from tests.runtime import foreign_model
from tests.runtime import tiny_model

_LIMITS = request.Limits(memory_mb=256, load_s=5, image_s=1, time_s=10)
# Every so many of the hostile files.
_STEP = 50


class OldRuntimeTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.launcher = old_runtime.OldLauncher(old_tflite.open_or_skip(self))

  def open(self):
    return self.launcher.launch(_LIMITS, time.monotonic() + 10)

  def test_computes_the_known_result_in_the_same_cage(self):
    kernel, bias = (2.0, 3.0, 5.0), 7.0
    rgb = np.random.default_rng(0).random((1, 6, 8, 3)).astype('<f4')
    with self.open() as box:
      box.take(tiny_model.float_model((6, 8), kernel, bias))
      answer = box.load()
      self.assertEqual(answer['inputs'][0]['shape'], [1, 6, 8, 3])
      got = np.frombuffer(box.run(rgb.tobytes(), 4 * 48), '<f4')
      layers = box.protection
    np.testing.assert_allclose(got, (rgb @ kernel + bias).ravel(), rtol=1e-5)
    with launcher_lib.Launcher() as today:
      with today.launch(_LIMITS, time.monotonic() + 10) as box:
        self.assertEqual(layers, box.protection)
    self.assertEqual(layers['system call filter'], lockdown.IN_FORCE)

  def test_an_open_size(self):
    with self.open() as box:
      box.take(foreign_model.mean((-1, -1, -1, 3)))
      answer = box.load(size=(4, 6))
    self.assertEqual(answer['inputs'][0]['shape'], [1, 4, 6, 3])

  @parameterized.parameters(
    (('GELU', 1, ('FLOAT32',)), 'Op builtin_code out of range: 150'),
    (('TILE', 3, ('INT8', 'INT32')), "builtin opcode 'TILE' version '3'"),
  )
  def test_its_own_words(self, operator, words):
    with self.open() as box:
      found = old_runtime.run(box, hand_made.model(operator))
    self.assertFalse(found.ran)
    self.assertIn(words, found.words)

  def test_endless_loop(self):
    with self.open() as box:
      box.take(hostile_graphs.endless_loop())
      with self.assertRaises(verdict.FileFaultError):
        box.load()
        box.run(bytes(4 * 3 * 24 * 32), 4 * 24 * 32)

  def test_hostile_files_stay_in_the_cage(self):
    for name, content in itertools.islice(
      hostile_files.all_files(), 0, None, _STEP
    ):
      with self.subTest(name), self.open() as box:
        found = old_runtime.run(box, content)
        self.assertTrue(found.only_loaded or found.words)

  def test_another_release(self):
    self.assertIsNone(old_runtime.find('2.9.0'))


if __name__ == '__main__':
  absltest.main()
