# SPDX-License-Identifier: Apache-2.0
"""Tests with files that crash or never end, and with a real one."""

import contextlib
import os
import pathlib
import signal
import time

from absl.testing import absltest
import numpy as np

from depth_mai.files import ready_models
from depth_mai.runtime import delegation
from depth_mai.runtime import first_run
from depth_mai.runtime import interpreter
from depth_mai.runtime import load_check
from depth_mai.runtime import model_file
from tests.judging import hostile_graphs
from tests.lite import hand_made
from tests.runtime import tiny_model


def _children() -> set[str]:
  """Returns the processes of this one that run or wait to be collected."""
  found = set()
  for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
    with contextlib.suppress(OSError):  # It has ended meanwhile.
      _, parent, *_ = path.read_text().rpartition(')')[2].split()
      if parent == str(os.getpid()):
        found.add(path.parent.name)
  return found


class FirstRunTest(absltest.TestCase):
  def test_good_files(self):
    first_run.check(tiny_model.float_model())
    first_run.check(tiny_model.split_model(), xnnpack=False)
    first_run.check(ready_models.model_path('tcl'))

  def test_a_crash_is_an_error(self):
    content = hand_made.model(('SPLIT', 1, ('FLOAT32', 'INT32')))
    load_check.check('x', content)  # Its structure is sound.
    path = self.create_tempfile('x.tflite', content).full_path
    for use in (model_file.TfliteModel, delegation.describe_partitions):
      with self.assertRaisesRegex(
        ValueError, r'x.tflite crashes the runtime \(SIG\w+\).*depth_mai.judge'
      ):
        use(path)

  def test_a_file_that_never_ends(self):
    start = time.monotonic()
    with self.assertRaisesRegex(
      ValueError, 'not done .* after 0.3 s: it never'
    ):
      first_run.check(hostile_graphs.endless_loop(), longest_s=0.3)
    self.assertLess(time.monotonic() - start, 5)

  def test_reported_errors_are_left_to_the_load(self):
    content = tiny_model.float_model(version=99)
    first_run.check(content)
    with self.assertRaisesRegex(ValueError, "version '99'"):
      model_file.TfliteModel(content)

  def test_no_process_is_left(self):
    before = _children()
    first_run.check(tiny_model.float_model())
    self.assertLessEqual(_children(), before)
    self.assertIs(signal.getsignal(signal.SIGCHLD), signal.SIG_DFL)

  def test_the_result_does_not_change(self):
    content = tiny_model.float_model((6, 8), (1.0, 2.0, 3.0), 4.0)
    rgb = np.full((6, 8, 3), 5, np.uint8)
    depth = model_file.TfliteModel(content).predict_mm(rgb)
    np.testing.assert_allclose(depth, np.full((6, 8), 34.0), rtol=1e-6)
    interpreter.load_interpreter(content)


if __name__ == '__main__':
  absltest.main()
