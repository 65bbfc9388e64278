# SPDX-License-Identifier: Apache-2.0
"""Tests of interfaces.toml."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.ranking import stated_interfaces
from depth_mai.runtime import interface_evidence as evidence


class ReadTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    (self.root / 'midas').mkdir()
    for name in ('a.tflite', 'midas/small.tflite'):
      (self.root / name).write_bytes(b'')

  def read(self, text, **flags):
    (self.root / 'interfaces.toml').write_text(text)
    return stated_interfaces.read(self.root, evidence.Declared(**flags))

  def test_entries_win_over_the_flags(self):
    got = self.read(
      '["midas/small.tflite"]\ninput_range = "imagenet"\n'
      'output_tensor = "depth"\n'
      '["a.tflite"]\nunit = "mm"\n',
      unit='m',
      layout='nchw',
    )
    self.assertEqual(
      got,
      {
        'midas/small.tflite': evidence.Declared(
          unit='m', layout='nchw', input_range='imagenet', output_tensor='depth'
        ),
        'a.tflite': evidence.Declared(unit='mm', layout='nchw'),
      },
    )

  def test_without_the_file(self):
    self.assertEqual(stated_interfaces.read(self.root), {})

  @parameterized.parameters(
    ('["b.tflite"]\nunit = "m"', r'\["b.tflite"\], but there is no such file'),
    ('["a.tflite"]\nscale = "m"', 'it may have .*unit'),
    ('["a.tflite"]\nunit = 5', 'each a string'),
    ('"a.tflite" = "m"', 'each a string'),
    ('["a.tflite"]\nunit = "cm"', r'\["a.tflite"\]: --unit=cm must be one of'),
    ('[a', 'cannot be read as TOML'),
  )
  def test_other_content(self, text, message):
    with self.assertRaisesRegex(ValueError, f'interfaces.toml.*{message}'):
      self.read(text)


if __name__ == '__main__':
  absltest.main()
