# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest

from benchmarks import tflite_2_5
from tests.devices.tflite_2_5 import old_tflite
from tests.runtime import tiny_model


class TablesTest(absltest.TestCase):
  def test_the_table_of_versions_agrees_with_the_runtime(self):
    old_tflite.open_or_skip(self)
    found = list(tflite_2_5.versions())
    self.assertGreater(len(found), 700)
    self.assertEmpty([one for one in found if one.runtime != one.ours])
    known = tflite_2_5.highest_versions(found)
    # As the release notes and the versioning tables say.
    for part in (' CONV_2D 5,', ' TILE 2,', ' BROADCAST_TO 3,', ' MUL 4,'):
      self.assertIn(part, known)
    self.assertNotIn('GELU', known)

  def test_files(self):
    old_tflite.open_or_skip(self)
    folder = pathlib.Path(self.create_tempdir().full_path)
    good, bad = folder / 'good.tflite', folder / 'bad.tflite'
    good.write_bytes(tiny_model.float_model())
    bad.write_bytes(tiny_model.float_model(version=6))
    text, passed = tflite_2_5.files_table([good])
    self.assertTrue(passed)
    self.assertRegex(text, r'\| good.tflite \| yes \| ')
    text, passed = tflite_2_5.files_table([good, bad])
    self.assertFalse(passed)
    self.assertIn("| bad.tflite | Didn't find op", text)

  def test_disagreements_are_listed(self):
    found = [
      tflite_2_5.Comparison('ADD 1', True, True, ''),
      tflite_2_5.Comparison('ADD 9', False, True, 'No op. Node number 3'),
      tflite_2_5.Comparison('ADD 8', False, False, 'No op. Node number 2'),
    ]
    text = tflite_2_5.matrix(found)
    self.assertIn('| accepts it | 1 | 0 |', text)
    self.assertIn('| refuses it | 1 | 1 |', text)
    self.assertIn('- ADD 9: the runtime refuses it, the table accepts', text)
    self.assertNotIn('ADD 8', text)
    self.assertEqual(tflite_2_5.refusals(found), '- ADD 9; ADD 8: No op.')


if __name__ == '__main__':
  absltest.main()
