# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np

from depth_mai.judging import served_file
from depth_mai.runtime import interpreter as interpreter_lib
from tests.devices.tflite_2_5 import old_python
from tests.runtime import tiny_model


class ServedFileTest(absltest.TestCase):
  def test_describes_and_runs_what_it_took(self):
    content = tiny_model.quantised_model('int8', (2, 3), 1.0, -128, 0.5, -7)
    served = served_file.ServedFile()
    self.assertEqual(served.take(bytearray(content)), ({}, b''))
    self.assertEqual(served._content, content)
    answer, _ = served._loaded(
      interpreter_lib.load_interpreter(content, 1, False)
    )
    self.assertEqual(answer['inputs'][0]['shape'], [1, 2, 3, 3])
    self.assertEqual(answer['outputs'][0]['scale'], 0.5)
    # R = 3, G = 100, B = 4: depth 2 R + B = 10, in steps of 0.5 from -7.
    pixels = np.tile(np.array([3, 100, 4]) - 128, 6).astype(np.int8)
    answer, depth = served.run(bytearray(pixels.tobytes()))
    self.assertEqual(answer, {'shape': [1, 2, 3, 1]})
    self.assertEqual(np.frombuffer(depth, np.int8).tolist(), [13] * 6)

  def test_python_3_8_can_read_what_it_imports(self):
    old_python.check_imports(self, served_file)


if __name__ == '__main__':
  absltest.main()
