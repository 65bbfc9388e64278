# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.pairing."""

import dataclasses
import decimal
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import problems

_BY_NAME = description_lib.Description(
  rgb='{sequence}/rgb/{id}.jpg', depth='{sequence}/depth/{id}.png',
  depth_unit='mm',
)  # fmt: skip
_BY_TIME = dataclasses.replace(_BY_NAME, pairing='timestamp')


class PairingTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _touch(self, *names):
    for name in names:
      (self.root / name).parent.mkdir(parents=True, exist_ok=True)
      (self.root / name).write_bytes(b'')

  def _pairs(self, description):
    found = pairing.find_frames(self.root, description)
    self.assertEmpty(found.problems)
    return [
      (
        frame.rgb_path.relative_to(self.root).as_posix(),
        frame.depth_path.relative_to(self.root).as_posix(),
      )
      for frame in found.frames
    ]

  def test_equal_names_in_the_order_of_the_recording(self):
    for name in ('1', '2', '10'):
      self._touch(f'b/rgb/{name}.jpg', f'b/depth/{name}.png')
    self._touch('a/rgb/1.jpg', 'a/depth/1.png')
    found = pairing.find_frames(self.root, _BY_NAME)
    self.assertEqual(
      [frame.id for frame in found.frames], ['a-1', 'b-1', 'b-2', 'b-10']
    )
    self.assertEqual([f.sequence for f in found.frames], ['a', 'b', 'b', 'b'])
    self.assertEqual(found.frames[3].depth_path, self.root / 'b/depth/10.png')

  def test_frames_of_two_sequences_are_never_mixed(self):
    self._touch('a/rgb/1.jpg', 'a/depth/2.png', 'b/rgb/2.jpg', 'b/depth/1.png')
    with self.assertRaisesRegex(problems.BadInputError, 'but no pair of them'):
      pairing.find_frames(self.root, _BY_NAME)

  def test_files_that_fit_no_pattern_are_listed(self):
    self._touch('a/rgb/1.JPG', 'a/depth/1.PNG', 'a/rgb/2.png', 'a/notes.txt')
    self._touch('a/rgb/3.jpg', 'a/depth/3.png')
    found = pairing.find_frames(self.root, _BY_NAME)
    self.assertLen(found.frames, 2)
    self.assertEqual(found.left_out, ['a/notes.txt', 'a/rgb/2.png'])
    self.assertEqual(
      found.spellings,
      {'rgb': ['.JPG (1)', '.jpg (1)'], 'depth': ['.PNG (1)', '.png (1)']},
    )

  def test_any_suffix_stands_for_pictures_alone(self):
    self._touch('a/rgb/1.jpg', 'a/rgb/1.json', 'a/rgb/1.mp4', 'a/depth/1.png')
    description = dataclasses.replace(_BY_NAME, rgb='{sequence}/rgb/{id}.*')
    found = pairing.find_frames(self.root, description)
    self.assertLen(found.frames, 1)
    self.assertEmpty(found.problems)
    self.assertEqual(found.left_out, ['a/rgb/1.json', 'a/rgb/1.mp4'])

  def test_names_that_differ_in_zeros_or_capitals_are_seen(self):
    self._touch('a/rgb/7.jpg', 'a/depth/007.png')
    self._touch('b/rgb/IMG_7.jpg', 'b/depth/img_7.png')
    first, second = pairing.find_frames(self.root, _BY_NAME).problems
    self.assertIn('its depth map is probably a/depth/007.png', str(first))
    self.assertIn('its depth map is probably b/depth/img_7.png', str(second))

  def test_two_forms_of_an_accent_are_one_name(self):
    self._touch('k\u00fcche/rgb/1.jpg', 'ku\u0308che/depth/1.png')
    found = pairing.find_frames(self.root, _BY_NAME)
    self.assertEqual([f.id for f in found.frames], ['k\u00fcche-1'])

  def test_names_that_cannot_be_ids(self):
    for name in (os.fsdecode(b'caf\xe9'), 'a\nb'):
      self._touch(f'a/rgb/{name}.jpg', f'a/depth/{name}.png')
    found = pairing.find_frames(self.root, _BY_NAME)
    self.assertEmpty(found.frames)
    texts = '\n'.join(map(str, found.problems))
    self.assertIn('not UTF-8, so it can be neither an id', texts)
    self.assertIn('a line end or another control', texts)

  def test_files_without_a_partner_are_listed(self):
    self._touch('a/rgb/1.jpg', 'a/rgb/2.jpg', 'a/depth/1.png', 'b/depth/3.png')
    found = pairing.find_frames(self.root, _BY_NAME)
    self.assertLen(found.frames, 1)
    self.assertEqual(found.lone_rgb, [self.root / 'a/rgb/2.jpg'])
    self.assertEqual(found.lone_depth, [self.root / 'b/depth/3.png'])

  def test_parts_in_only_one_pattern(self):
    self._touch('2011/drive_1/2/5.jpg', 'train/drive_1/gt/2/5.png')
    found = pairing.find_frames(
      self.root,
      dataclasses.replace(
        _BY_NAME,
        rgb='*/{sequence}/{camera}/{id}.jpg',
        depth='{split}/{sequence}/gt/{camera}/{id}.png',
      ),
    )
    (frame,) = found.frames
    self.assertEqual((frame.sequence, frame.folder), ('drive_1', 'train'))

  def test_sequence_defaults_to_all_parts(self):
    self._touch('x/1/rgb/7.jpg', 'x/1/depth/7.png')
    found = pairing.find_frames(
      self.root,
      dataclasses.replace(
        _BY_NAME, rgb='{a}/{b}/rgb/{id}.jpg', depth='{a}/{b}/depth/{id}.png'
      ),
    )
    self.assertEqual(found.frames[0].sequence, 'x-1')

  def test_every(self):
    for sequence, count in (('a', 5), ('b', 4)):
      for i in range(count):
        self._touch(f'{sequence}/rgb/{i}.jpg', f'{sequence}/depth/{i}.png')
    found = pairing.find_frames(
      self.root, dataclasses.replace(_BY_NAME, every=3)
    )
    self.assertEqual(
      [frame.id for frame in found.frames], ['a-0', 'a-3', 'b-0', 'b-3']
    )
    self.assertEqual(found.unused, 5)
    self.assertEmpty(found.lone_rgb)

  def test_nearest_in_time(self):
    # The first lines of TUM's freiburg1_xyz; the last has no picture near.
    for time in ('1305031102.175304', '1305031102.211214', '1305031102.275326'):
      self._touch(f'a/rgb/{time}.jpg')
    for time in ('1305031102.160407', '1305031102.226738', '1305031102.330000'):
      self._touch(f'a/depth/{time}.png')
    self.assertEqual(
      self._pairs(_BY_TIME),
      [
        ('a/rgb/1305031102.175304.jpg', 'a/depth/1305031102.160407.png'),
        ('a/rgb/1305031102.211214.jpg', 'a/depth/1305031102.226738.png'),
      ],
    )

  def test_time_stamps_in_nanoseconds_stay_exact(self):
    rgb, depth = 1305031102175304123, 1305031102195304123  # 0.02 s later.
    self._touch(f'a/rgb/{rgb}.jpg', f'a/depth/{depth}.png')
    in_ns = dataclasses.replace(_BY_TIME, timestamp_unit='ns')
    self.assertLen(self._pairs(in_ns), 1)
    (self.root / f'a/depth/{depth}.png').rename(
      self.root / f'a/depth/{depth + 1}.png'
    )
    with self.assertRaisesRegex(ValueError, 'raise tolerance_s .0.02.'):
      self._pairs(in_ns)

  def test_association_takes_the_nearest_of_all_pairs(self):
    # The rule of associate.py, written out: sort all, take greedily.
    rgb = {str(i): decimal.Decimal(i * 7 % 31) / 10 for i in range(12)}
    depth = {f'd{i}': decimal.Decimal(i * 11 % 37) / 10 for i in range(12)}
    limit = decimal.Decimal('0.25')
    expected = {}
    for _, a, b in sorted(
      (abs(rgb[a] - depth[b]), a, b) for a in rgb for b in depth
    ):
      near = abs(rgb[a] - depth[b]) <= limit
      if near and a not in expected and b not in expected.values():
        expected[a] = b
    self.assertGreater(len(expected), 5)
    self.assertEqual(dict(pairing.associate(rgb, depth, 0.25)), expected)

  def test_id_is_not_a_time(self):
    self._touch('a/rgb/x.jpg', 'a/depth/1.png', 'a/rgb/1.jpg')
    found = pairing.find_frames(self.root, _BY_TIME)
    self.assertLen(found.frames, 1)
    self.assertRegex(
      str(found.problems[0]), "x.jpg: its {id} 'x' is not a time"
    )

  def test_masks(self):
    masked = dataclasses.replace(_BY_NAME, mask='{sequence}/mask/{id}.png')
    for i in (1, 2):
      self._touch(f'a/rgb/{i}.jpg', f'a/depth/{i}.png')
    self._touch('a/mask/1.png')
    found = pairing.find_frames(self.root, masked)
    self.assertEqual(found.frames[0].mask_path, self.root / 'a/mask/1.png')
    self.assertLen(found.frames, 1)
    self.assertRegex(str(found.problems[0]), '2.png: no file matches mask')

  def test_pattern_matches_nothing(self):
    self._touch('a/color/1.jpg', 'a/depth/1.png')
    with self.assertRaises(problems.BadInputError) as caught:
      pairing.find_frames(self.root, _BY_NAME)
    self.assertLen(caught.exception.problems, 1)
    self.assertIn(
      'none of 2 files, such as a/depth/1.png, matches rgb',
      str(caught.exception),
    )

  def test_two_files_with_one_id(self):
    flat = dataclasses.replace(_BY_NAME, rgb='*/{id}.jpg', depth='d/{id}.png')
    self._touch('a/1.jpg', 'b/1.jpg', 'd/1.png')
    found = pairing.find_frames(self.root, flat)
    self.assertRegex(
      str(found.problems[0]), r"b/1.jpg: its {id} '1' is also .* of .*a/1.jpg"
    )

  def test_two_frames_with_one_id(self):
    split = dataclasses.replace(
      _BY_NAME, rgb='{a}/{b}/{id}.jpg', depth='{a}/{b}/{id}.png'
    )
    for folder in ('x-y/z', 'x/y-z'):
      self._touch(f'{folder}/1.jpg', f'{folder}/1.png')
    found = pairing.find_frames(self.root, split)
    self.assertRegex(str(found.problems[0]), "id would be 'x-y-z-1'")

  def test_missing_folder(self):
    with self.assertRaisesRegex(
      ValueError, 'nowhere is not a folder.*--source'
    ):
      pairing.find_frames(self.root / 'nowhere', _BY_NAME)


if __name__ == '__main__':
  absltest.main()
