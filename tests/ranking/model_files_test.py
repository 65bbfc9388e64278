# SPDX-License-Identifier: Apache-2.0
"""Tests of finding files and naming their systems."""

import hashlib
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.ranking import model_files
from tests.ranking import small_contest


class FindModelsTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def write(self, folder='', **contents):
    small_contest.write_models(self.root / folder, **contents)

  def found(self, *arguments):
    models, self.problems = model_files.find_models(self.root, *arguments)
    return [
      (model.file, model.system, model.precision, model.paper_system)
      for model in models
    ]

  def test_names(self):
    plain, named = small_contest.network(), small_contest.network
    self.write(
      tcl_fp32=named(system='tcl', precision='fp32'),
      tcl_int8=named(system='tcl', precision='int8'),
      tcl_96x128_fp32=named(system='tcl', precision='fp32'),
      best=named(system='icl', precision='fp16'),
      mine=plain,
    )
    self.write('deeper/still', my_net_fp32=plain)
    self.assertEqual(
      self.found(),
      [
        ('best.tflite', 'icl', 'fp16', 'icl'),
        ('mine.tflite', 'mine', 'fp32', None),
        ('deeper/still/my_net_fp32.tflite', 'my_net', 'fp32', None),
        ('tcl_fp32.tflite', 'tcl', 'fp32', 'tcl'),
        ('tcl_int8.tflite', 'tcl', 'int8', 'tcl'),
        ('tcl_96x128_fp32.tflite', 'tcl_96x128', 'fp32', 'tcl'),
      ],
    )
    self.assertEqual(self.problems, [])

  def test_odd_names_are_printable(self):
    named = small_contest.network(system='\x1b[31m' + 'x' * 9999)
    self.write(**{'caf\udce9_fp32': small_contest.network(), 'b\nc': named})
    (first, first_system, *_), (second, second_system, *_) = self.found()
    self.assertEqual((first, second), ('b\\nc.tflite', 'caf\\xe9_fp32.tflite'))
    self.assertEqual(second_system, 'caf\\xe9')
    self.assertRegex(first_system, r'^\\x1b\[31mx{90,91}\u2026$')

  def test_path_and_sha256(self):
    content = small_contest.network()
    self.write(tcl_fp32=content)
    (model,), _ = model_files.find_models(str(self.root))
    self.assertEqual(model.path, self.root / 'tcl_fp32.tflite')
    self.assertEqual(model.sha256, hashlib.sha256(content).hexdigest())

  def test_choice(self):
    int8 = small_contest.network(precision='int8')
    content = small_contest.network()
    self.write(tcl_fp32=content, tcl_int8=int8, icl_fp32=content, icl_int8=int8)
    self.assertLen(self.found(), 4)
    self.assertEqual(
      [row[0] for row in self.found(['tcl'])],
      ['tcl_fp32.tflite', 'tcl_int8.tflite'],
    )
    self.assertEqual(
      [row[0] for row in self.found(None, ['int8'])],
      ['icl_int8.tflite', 'tcl_int8.tflite'],
    )
    with self.assertRaisesRegex(ValueError, "none of .*'tcl'.*'fp16'"):
      self.found(['tcl'], ['fp16'])
    with self.assertRaisesRegex(ValueError, '--precision=fp32,half: the'):
      self.found(None, ['fp32', 'half'])
    with self.assertRaisesRegex(
      ValueError, '--systems names smartlab, but .* are of icl, tcl. Convert'
    ):
      self.found(['tcl', 'smartlab'])

  def test_unusable_files_are_reported_and_skipped(self):
    content = small_contest.network()
    self.write(
      tcl_fp32=content,
      broken_fp32=content[:100],
      page_fp32=b'<html>not found</html>',
      icl_fp16=content,
      odd=small_contest.network(precision='fp64'),
    )
    self.assertEqual([row[1] for row in self.found()], ['tcl'])
    for problem, message in zip(
      self.problems,
      (
        'broken_fp32.tflite is damaged',
        'icl_fp16.tflite: its precision is fp16 by its name, but fp32 by its',
        r'odd.tflite: its precision is unknown \(fp64\)',
        'page_fp32.tflite .* is not a .tflite model',
      ),
      strict=True,
    ):
      self.assertRegex(problem, message)

  def test_unfinished_files_are_ignored(self):
    self.write(tcl_fp32=small_contest.network())
    (self.root / '.tmp-12-icl_fp32.tflite').write_bytes(b'half')
    self.assertLen(self.found(), 1)
    self.assertEqual(self.problems, [])

  def test_two_files_of_one_system_and_precision(self):
    self.write('a', tcl_fp32=small_contest.network())
    self.write('b', tcl_fp32=small_contest.network(21.0))
    with self.assertRaisesRegex(
      ValueError, 'a/tcl_fp32.tflite and b/tcl_fp32.tflite are both'
    ):
      self.found()

  def test_empty_and_missing_folders(self):
    with self.assertRaisesRegex(ValueError, 'contain no .tflite file'):
      self.found()
    with self.assertRaisesRegex(ValueError, 'There is no folder /x/y'):
      model_files.find_models('/x/y')


if __name__ == '__main__':
  absltest.main()
