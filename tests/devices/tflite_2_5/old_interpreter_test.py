# SPDX-License-Identifier: Apache-2.0
import json
import subprocess

from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import old_interpreter
from depth_mai.runtime import interpreter as interpreter_lib
from tests.devices.tflite_2_5 import old_tflite
from tests.runtime import foreign_model
from tests.runtime import tiny_model

# Prints what the interpreter of TFLite 2.5.0 says about a file.
_SCRIPT = """
import json, sys
from depth_mai.devices.tflite_2_5 import old_interpreter
from depth_mai.runtime import open_sizes
with open(sys.argv[1], 'rb') as stream:
  interpreter = old_interpreter.Interpreter(stream.read(), 1)
open_sizes.close(interpreter, (4, 6))
print(json.dumps([
  [
    {
      'name': one['name'],
      'shape': one['shape'].tolist(),
      'shape_signature': one['shape_signature'].tolist(),
      'dtype': one['dtype'].__name__,
      'quantization': one['quantization'],
    }
    for one in side()
  ]
  for side in (interpreter.get_input_details, interpreter.get_output_details)
]))
"""


class OldInterpreterTest(absltest.TestCase):
  def test_today_python_has_no_such_library(self):
    with self.assertRaisesRegex(ImportError, 'is not on sys.path'):
      old_interpreter.load_library()

  def test_details_are_those_of_today(self):
    installation = old_tflite.open_or_skip(self)
    for content in (
      tiny_model.quantised_model('int8', (6, 8), 0.5, 3, 4.0, -5),
      foreign_model.mean((-1, -1, -1, 3)),
    ):
      path = self.create_tempfile('m.tflite', content).full_path
      done = subprocess.run(
        [installation.python, '-s', '-S', '-B', '-c', _SCRIPT, path],
        env=child.environment(installation),
        capture_output=True,
        text=True,
      )
      self.assertEqual(done.returncode, 0, done.stderr)
      today = interpreter_lib.load_interpreter(content, input_size=(4, 6))
      wanted = [
        [
          {
            'name': one['name'],
            'shape': one['shape'].tolist(),
            'shape_signature': one['shape_signature'].tolist(),
            'dtype': one['dtype'].__name__,
            'quantization': list(one['quantization']),
          }
          for one in side()
        ]
        for side in (today.get_input_details, today.get_output_details)
      ]
      self.assertEqual(json.loads(done.stdout), wanted)


if __name__ == '__main__':
  absltest.main()
