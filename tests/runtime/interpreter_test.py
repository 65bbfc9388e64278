# SPDX-License-Identifier: Apache-2.0
"""Tests of finding a runtime and loading models."""

from importlib import metadata
import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import interpreter
from tests.runtime import tiny_model


class InterpreterTest(parameterized.TestCase):
  def test_litert_is_preferred(self):
    runtime = interpreter.find_runtime()
    self.assertEqual(runtime.name, 'ai-edge-litert')
    self.assertEqual(runtime.version, metadata.version('ai-edge-litert'))

  @parameterized.product(xnnpack=(True, False), num_threads=(1, 2))
  def test_file_and_bytes_compute_the_same(self, xnnpack, num_threads):
    content = tiny_model.float_model(kernel=(1.0, 10.0, 100.0), bias=0.5)
    path = self.create_tempfile('m.tflite', content).full_path
    image = np.random.default_rng(0).uniform(0, 255, (1, 6, 8, 3))
    for source in (content, path):
      loaded = interpreter.load_interpreter(source, num_threads, xnnpack)
      (input_detail,) = loaded.get_input_details()
      (output_detail,) = loaded.get_output_details()
      loaded.set_tensor(input_detail['index'], image.astype(np.float32))
      loaded.invoke()
      np.testing.assert_allclose(
        loaded.get_tensor(output_detail['index'])[..., 0],
        image @ [1, 10, 100] + 0.5,
        rtol=1e-5,
      )

  def test_missing_file(self):
    with self.assertRaisesRegex(ValueError, 'no model file /x/y.tflite.*conv'):
      interpreter.load_interpreter('/x/y.tflite')

  def test_folder_instead_of_a_file(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(ValueError, f'{folder} cannot be read'):
      interpreter.load_interpreter(folder)

  def test_pipe_instead_of_a_file(self):
    path = f'{self.create_tempdir().full_path}/pipe'
    os.mkfifo(path)
    with self.assertRaisesRegex(ValueError, 'pipe cannot be read: .*a pipe'):
      interpreter.load_interpreter(path)

  def test_names_in_messages_are_printable(self):
    with self.assertRaises(ValueError) as caught:
      interpreter.load_interpreter('/x/\x1b[2J\udcff\n.tflite')
    self.assertIn(r'/x/\x1b[2J\xff\n.tflite', str(caught.exception))
    self.assertTrue(str(caught.exception).isprintable())

  @parameterized.parameters(
    (b'', 'incomplete'),
    (b'PK\x03\x04 a keras file', 'depth_mai.convert'),
    (b'version https://git-lfs.github.com/spec/v1', 'git lfs pull'),
    (b'<!DOCTYPE html>', 'a web page'),
    (b'\x1f\x8b\x08 gzip', 'compressed'),
  )
  def test_other_file(self, content, words):
    path = self.create_tempfile('other.tflite', content).full_path
    message = f'other.tflite .*not a .tflite.*{words}'
    with self.assertRaisesRegex(ValueError, message):
      interpreter.load_interpreter(path)

  @parameterized.parameters(0.4, 0.7, 0.99)
  def test_incomplete_file(self, part):
    content = tiny_model.float_model()
    content = content[: int(part * len(content))]
    path = self.create_tempfile('half.tflite', content).full_path
    with self.assertRaisesRegex(ValueError, 'half.tflite is damaged'):
      interpreter.load_interpreter(path)

  def test_operator_that_the_runtime_lacks(self):
    content = tiny_model.float_model(version=99)
    with self.assertRaisesRegex(ValueError, "CONV_2D' version '99'.*convert"):
      interpreter.load_interpreter(content)

  def test_name_that_is_not_utf8(self):
    path = os.path.join(self.create_tempdir().full_path, 'caf\udce9.tflite')
    with open(path, 'wb') as stream:
      stream.write(tiny_model.float_model())
    loaded = interpreter.load_interpreter(path)
    self.assertLen(loaded.get_input_details(), 1)

  @parameterized.parameters(0, -1, 1.5, True, 100000)
  def test_bad_thread_count(self, num_threads):
    with self.assertRaisesRegex(ValueError, 'num_threads must be'):
      interpreter.load_interpreter(tiny_model.float_model(), num_threads)


if __name__ == '__main__':
  absltest.main()
