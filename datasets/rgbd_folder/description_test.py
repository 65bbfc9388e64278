# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.description."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import description
from depth_mai.files import problems

_LEAST = 'rgb = "{id}.jpg"\ndepth = "{id}.png"\ndepth_unit = "mm"\n'


class DescriptionTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'rec.toml'

  def _read(self, text):
    self.path.write_text(text)
    return description.read(self.path)

  def test_least(self):
    self.assertEqual(
      self._read(_LEAST),
      description.Description('{id}.jpg', '{id}.png', 'mm'),
    )

  def test_every_key(self):
    found = self._read(
      """
      rgb = "{sequence}/{id}.jpg"
      depth = "{sequence}/{id}.npy"
      depth_unit = 6553.5
      mask = "{sequence}/{id}_mask.png"
      invalid = [-1.0, 65535, nan]
      min_depth_m = 0.2
      max_depth_m = 8
      pairing = "timestamp"
      timestamp_unit = "ns"
      tolerance_s = 0.01
      every = 5
      max_width = 640
      [crop]
      left = 1
      top = 2
      right = 3
      bottom = 4
      [split]
      validation = ["hall", "room_*"]
      test = 0.2
      divide_sequences = true
      """
    )
    self.assertEqual(found.units_per_metre, 6553.5)
    self.assertEqual(found.unit_name, '1/6553.5 m')
    self.assertEqual(found.invalid[:2], (-1.0, 65535))
    self.assertEqual(found.crop, description.Crop(1, 2, 3, 4))
    self.assertEqual(
      found.split,
      description.Split(None, ('hall', 'room_*'), 0.2, True),
    )
    self.assertEqual((found.every, found.max_width), (5, 640))

  @parameterized.parameters(
    ('"m"', 1, 'm'),
    ('"cm"', 100, 'cm'),
    ('"mm"', 1000, 'mm'),
    ('"kitti"', 256, '1/256 m'),
    ('"tum"', 5000, '1/5000 m'),
    ('1000', 1000, 'mm'),
    ('5000', 5000, '1/5000 m'),
  )
  def test_units(self, unit, per_metre, name):
    found = self._read(_LEAST.replace('"mm"', unit))
    self.assertEqual(found.units_per_metre, per_metre)
    self.assertEqual(found.unit_name, name)

  @parameterized.parameters(
    ('depht_unit = "mm"', 'no key depht_unit (meant: depth_unit?)'),
    ('[split]\nvalidaton = 0.1', 'split.validaton (meant: split.validation?)'),
    ('[split]\ninvalid = [1]', '(invalid belongs above the line [split])'),
    ('crop = 3', 'crop is 3; allowed: a table'),
    ('[crop]\nleft = -1', 'crop.left is -1; allowed: a whole number of 0'),
    ('every = 0', 'every is 0; allowed: a whole number of 1'),
    ('every = 2.5', 'every is 2.5'),
    ('max_width = true', 'max_width is True'),
    ('invalid = 0', 'invalid is 0; allowed: a list'),
    ('invalid = ["nan"]', 'allowed: a list'),
    ('max_depth_m = inf', 'max_depth_m is inf'),
    ('min_depth_m = 70', 'min_depth_m is 70 and max_depth_m 65.535'),
    ('tolerance_s = 0', 'tolerance_s is 0'),
    ('pairing = "time"', "pairing is 'time'; allowed: name, timestamp"),
    ('timestamp_unit = 1', 'timestamp_unit is 1; allowed: s, ms, us, ns'),
    ('mask = "a.png"', "mask: the pattern 'a.png' has no {id}"),
    ('[split]\nvalidation = 1.0', 'split.validation is 1.0'),
    ('[split]\ntrain = 0.9', 'split.train is 0.9; allowed: a list'),
    ('[split]\ntest = []', 'split.test is []'),
    ('[split]\ntest = [1]', 'split.test is [1]'),
    ('[split]\ndivide_sequences = 1', 'divide_sequences is 1'),
    ('rgb = ', 'TOML'),
  )
  def test_what_is_wrong_is_said(self, line, words):
    with self.assertRaises(problems.BadInputError) as caught:
      self._read(_LEAST + line)
    self.assertIn(words, str(caught.exception))
    self.assertIn('rec.toml: ', str(caught.exception))
    self.assertIn('Cure: ', str(caught.exception))

  @parameterized.parameters('"metres"', '0', '-1', 'inf', 'true')
  def test_what_is_no_unit(self, unit):
    with self.assertRaisesRegex(ValueError, 'allowed: m, cm, mm, kitti, tum'):
      self._read(_LEAST.replace('"mm"', unit))

  def test_unit_is_never_assumed(self):
    with self.assertRaisesRegex(ValueError, 'there is no depth_unit'):
      self._read('rgb = "{id}.jpg"\ndepth = "{id}.png"')

  def test_no_file(self):
    with self.assertRaisesRegex(ValueError, '--write_description'):
      description.read(self.path)


if __name__ == '__main__':
  absltest.main()
