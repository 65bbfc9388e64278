# SPDX-License-Identifier: Apache-2.0
"""Tests that no offset of a damaged file is followed."""

import struct
import time

from absl.testing import absltest
from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import numpy as np

from depth_mai.files import ready_models
from depth_mai.runtime import flatbuffer_check
from tests.judging import hostile_files
from tests.runtime import tiny_model


class FlatbufferCheckTest(parameterized.TestCase):
  def test_whole_files_pass(self):
    for content in (
      tiny_model.float_model(metadata={'a': 'b'}),
      tiny_model.quantised_model('int8', (6, 8), 1.0, 0, 1.0, 0),
      tiny_model.split_model(),
    ):
      flatbuffer_check.check(content)

  @parameterized.parameters('tcl', 'smartlab', 'tencent_gylab_2021')
  def test_real_files_pass_in_a_moment(self, name):
    with open(ready_models.model_path(name), 'rb') as stream:
      content = stream.read()
    start = time.monotonic()
    flatbuffer_check.check(content)
    self.assertLess(time.monotonic() - start, 1)

  def test_every_truncated_file_is_refused(self):
    content = tiny_model.split_model()
    for size in range(8, len(content) - 1, 7):
      with self.subTest(size=size):
        with self.assertRaises(flatbuffer_check.DamagedError):
          flatbuffer_check.check(content[:size])

  def test_what_passes_is_read_by_the_classes_of_the_schema(self):
    # They raise an error, or read wrong bytes, where an offset is outside.
    content = np.frombuffer(tiny_model.split_model(), np.uint8)
    passed = 0
    for seed in range(600):
      rng = np.random.default_rng(seed)
      damaged = content.copy()
      damaged[rng.integers(8, len(content))] ^= rng.integers(1, 256)
      try:
        flatbuffer_check.check(damaged.tobytes())
      except flatbuffer_check.DamagedError:
        continue
      passed += 1
      schema.ModelT.InitFromPackedBuf(bytearray(damaged.tobytes()), 0)
    self.assertBetween(passed, 50, 550)

  @parameterized.parameters(
    (0, 'where nothing can be stored'),
    (1 << 31, 'where nothing can be stored'),
    ((1 << 32) - 4, 'where nothing can be stored'),
    (6, 'where nothing can be stored'),
  )
  def test_outermost_table(self, root, message):
    content = struct.pack('<I', root or 1 << 30) + tiny_model.float_model()[4:]
    with self.assertRaisesRegex(flatbuffer_check.DamagedError, message):
      flatbuffer_check.check(content)

  def test_parts_that_repeat_themselves(self):
    content = dict(hostile_files.all_files())['same_table_without_end']
    start = time.monotonic()
    with self.assertRaisesRegex(
      flatbuffer_check.DamagedError, 'repeats itself|more than 65536 tables'
    ):
      flatbuffer_check.check(content)
    self.assertLess(time.monotonic() - start, 5)


if __name__ == '__main__':
  absltest.main()
