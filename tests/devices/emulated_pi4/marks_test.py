# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.emulated_pi4 import marks

_HEADING = 'tag a1 a2 a3 a4 a5 a6 instructions load_bytes branch'


class MarksTest(parameterized.TestCase):
  def _file(self, *lines):
    path = pathlib.Path(self.create_tempdir().full_path) / 'counts'
    path.write_text('\n'.join(lines) + '\n')
    return path

  def test_snapshots_and_inferences(self):
    found = marks.read_snapshots(
      self._file(
        _HEADING,
        f'{marks.NEW_NODE} 5 6 7 8 9 10 100 1000 10',
        f'{marks.BEGIN} 0 0 0 0 0 0 150 1100 20',
        f'{marks.END} 0 0 0 0 0 0 350 1800 25',
        f'{marks.BEGIN} 0 0 0 0 0 0 400 2000 30',
        f'{marks.RUN} 1 2 3 4 5 6 450 2200 31',
        f'{marks.END} 0 0 0 0 0 0 500 2500 33',
        # This inference is incomplete.
        f'{marks.BEGIN} 0 0 0 0 0 0 600 2600 40',
      )
    )
    self.assertLen(found, 7)
    self.assertEqual(found[0].arguments, (5, 6, 7, 8, 9, 10))
    first, second = marks.inferences(found)
    self.assertEqual(
      marks.counted(first),
      {'instructions': 200, 'load_bytes': 700, 'branch': 5},
    )
    self.assertEqual(
      marks.counted(second),
      {'instructions': 100, 'load_bytes': 500, 'branch': 3},
    )
    self.assertEqual(
      [one.tag for one in second], [marks.BEGIN, marks.RUN, marks.END]
    )

  @parameterized.named_parameters(
    ('nothing', (), 'contains no counts'),
    ('another_file', ('hello world',), 'contains no counts'),
    ('half_a_line', (_HEADING, '0 0 0'), 'line 2, has 3 numbers, not 10'),
  )
  def test_invalid_files(self, lines, message):
    with self.assertRaisesRegex(ValueError, message):
      marks.read_snapshots(self._file(*lines))


if __name__ == '__main__':
  absltest.main()
