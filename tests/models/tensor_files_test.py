# SPDX-License-Identifier: Apache-2.0
"""Files that the libraries write; tests of torch_checkpoint cover PyTorch's."""

import pathlib
from unittest import mock

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import tensor_files
from tests.models import torch_file


class TensorFilesTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.tensors = {
      'b': np.float32([[1, 2], [3, 4]]),
      'a': np.float32([5, 6, 7]),
    }

  def test_npz_and_pth(self):
    np.savez(self.folder / 'weights.npz', **self.tensors)
    torch_file.write(self.folder / 'weights.pt', self.tensors)
    for name in ('weights.npz', 'weights.pt'):
      read = tensor_files.read_tensors(self.folder / name)
      self.assertEqual(list(read), ['b', 'a'])
      self.assertAllEqual(read['b'], self.tensors['b'])

  def test_h5_of_keras(self):
    network = keras.Sequential(
      [keras.Input((2,)), keras.layers.Dense(3, name='dense')]
    )
    network.save_weights(self.folder / 'network.weights.h5')
    read = tensor_files.read_tensors(self.folder / 'network.weights.h5')
    self.assertAllEqual(
      read['layers/dense/vars/0'], network.get_layer('dense').kernel
    )

  def test_npz_with_pickles_is_refused(self):
    np.savez(self.folder / 'weights.npz', a=np.array([{}], object))
    with self.assertRaisesRegex(ValueError, 'weights.npz cannot be read'):
      tensor_files.read_tensors(self.folder / 'weights.npz')

  @parameterized.parameters('.npz', '.safetensors', '.pth', '.h5')
  def test_damaged_and_missing_files(self, suffix):
    path = self.folder / f'weights{suffix}'
    with self.assertRaisesRegex(ValueError, 'no file of weights'):
      tensor_files.read_tensors(path)
    path.write_bytes(bytes(100))
    with self.assertRaisesRegex(
      ValueError, 'cannot be read as weights'
    ) as caught:
      tensor_files.read_tensors(path)
    self.assertEqual(str(caught.exception).count(str(path)), 1)
    self.assertNotIn('allow_pickle', str(caught.exception))

  def test_a_file_without_tensors(self):
    path = self.folder / 'weights.npz'
    np.savez(path)
    with self.assertRaisesRegex(ValueError, 'contains no tensor'):
      tensor_files.read_tensors(path)

  def test_a_missing_package_is_named(self):
    path = self.folder / 'weights.safetensors'
    path.write_bytes(bytes(100))
    # As if it were not installed.
    with (
      mock.patch.dict('sys.modules', {'safetensors': None}),
      self.assertRaisesRegex(ValueError, 'Run pip install safetensors'),
    ):
      tensor_files.read_tensors(path)

  def test_unknown_suffix(self):
    with self.assertRaisesRegex(ValueError, 'weights.onnx .*\\.npz, .*\\.pth'):
      tensor_files.read_tensors(self.folder / 'weights.onnx')


if __name__ == '__main__':
  tf.test.main()
