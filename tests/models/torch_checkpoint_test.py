# SPDX-License-Identifier: Apache-2.0
import os
import pickle
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.models import torch_checkpoint
from tests.models import torch_file


class Command:
  """Runs a command when it is unpickled."""

  def __init__(self, path):
    self._path = path

  def __reduce__(self):
    return os.mkdir, (self._path,)


class TorchCheckpointTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'weights.pth')
    rng = np.random.default_rng(0)
    self.tensors = {
      'conv.weight': np.float32(rng.normal(size=(4, 3, 3, 3))),
      'conv.bias': np.float32(rng.normal(size=4)),
      'scalar': np.float32(3.5),
    }

  @parameterized.parameters(False, True)
  def test_reads_both_formats(self, legacy):
    torch_file.write(self.path, self.tensors, legacy)
    read = torch_checkpoint.read_tensors(self.path)
    self.assertEqual(list(read), list(self.tensors))
    for name, value in self.tensors.items():
      np.testing.assert_array_equal(read[name], value)

  @parameterized.parameters(False, True)
  def test_damaged_files_are_refused(self, legacy):
    torch_file.write(self.path, self.tensors, legacy)
    with open(self.path, 'rb') as stream:
      content = stream.read()
    for size in (0, 1, 2, 50, len(content) // 2, len(content) - 1):
      with open(self.path, 'wb') as stream:
        stream.write(content[:size])
      with self.assertRaisesRegex(ValueError, 'weights.pth cannot be read'):
        torch_checkpoint.read_tensors(self.path)

  def test_no_code_of_the_file_runs(self):
    made = os.path.join(self.folder, 'made')
    with zipfile.ZipFile(self.path, 'w') as archive:
      archive.writestr('archive/data.pkl', pickle.dumps({'a': Command(made)}))
    with self.assertRaisesRegex(ValueError, 'mkdir, which is neither'):
      torch_checkpoint.read_tensors(self.path)
    self.assertFalse(os.path.exists(made))

  def test_a_missing_file(self):
    with self.assertRaisesRegex(ValueError, 'No such file.*torch.save'):
      torch_checkpoint.read_tensors(self.path)


if __name__ == '__main__':
  absltest.main()
