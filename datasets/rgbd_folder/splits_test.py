# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.splits."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import description
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import splits
from depth_mai.files import problems


class SplitsTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _frames(self, counts, folder=''):
    return [
      pairing.Frame(
        id='-'.join(filter(None, (folder, sequence, f'{i:03d}'))),
        sequence=sequence,
        folder=folder,
        rgb_path=self.root / folder / sequence / f'{i:03d}.jpg',
        depth_path=self.root / folder / sequence / f'{i:03d}.png',
      )
      for sequence, count in counts.items()
      for i in range(count)
    ]

  def _divide(self, frames, **rules):
    divided = splits.divide(frames, description.Split(**rules), self.root)
    return {name: [f.id for f in kept] for name, kept in divided.items()}

  def _refusal(self, frames, **rules):
    with self.assertRaises(problems.BadInputError) as caught:
      self._divide(frames, **rules)
    return str(caught.exception)

  def test_share_of_one_recording_is_its_end(self):
    divided = self._divide(self._frames({'': 20}), validation=0.2, test=0.1)
    names = [f'{i:03d}' for i in range(20)]
    self.assertEqual(divided['validation'], names[16:])
    self.assertEqual(divided['test'], names[14:16])  # A tenth of the rest.
    self.assertEqual(divided['train'], names[:14])

  def test_default_share_is_a_tenth(self):
    divided = self._divide(self._frames({'': 20}))
    self.assertLen(divided['validation'], 2)
    self.assertNotIn('test', divided)

  def test_share_consists_of_whole_sequences(self):
    frames = self._frames({f'room{i}': 10 for i in range(20)})
    divided = splits.divide(
      frames, description.Split(validation=0.2, test=0.1), self.root
    )
    self.assertEmpty(splits.sequences_in_two(divided))
    counts = {name: len(kept) for name, kept in divided.items()}
    self.assertEqual(counts, {'train': 140, 'validation': 40, 'test': 20})

  def test_a_new_recording_does_not_move_others(self):
    counts = {f'room{i}': 10 for i in range(20)}
    before = self._divide(self._frames(counts), validation=0.2)
    after = self._divide(self._frames(counts | {'new': 10}), validation=0.2)
    self.assertContainsSubset(before['validation'], after['validation'])

  def test_share_of_two_recordings_is_the_shorter(self):
    divided = self._divide(self._frames({'a': 30, 'b': 12}), validation=0.1)
    self.assertLen(divided['validation'], 12)

  def test_sequences_can_be_divided(self):
    divided = splits.divide(
      self._frames({'a': 10, 'b': 20}),
      description.Split(validation=0.1, divide_sequences=True),
      self.root,
    )
    self.assertEqual(
      [frame.id for frame in divided['validation']], ['a-009', 'b-018', 'b-019']
    )
    self.assertEqual(splits.sequences_in_two(divided), ['a', 'b'])

  def test_names_of_sequences(self):
    frames = self._frames({'hall': 2, 'room_1': 1, 'room_2': 1})
    divided = self._divide(frames, validation=('room_*',))
    self.assertEqual(divided['validation'], ['room_1-000', 'room_2-000'])
    self.assertEqual(divided['train'], ['hall-000', 'hall-001'])

  def test_train_may_leave_frames_out(self):
    frames = self._frames({'a': 2, 'b': 1, 'bad': 3})
    divided = self._divide(frames, train=('a',), validation=('b',))
    self.assertEqual(divided['train'], ['a-000', 'a-001'])
    self.assertLen(divided, 2)

  def test_list_file(self):
    (self.root / 'val.txt').write_text(
      '# chosen by hand\n\na/001.jpg\n b-000 \nc\n'
    )
    frames = self._frames({'a': 3, 'b': 2, 'c': 2})
    divided = self._divide(frames, validation='val.txt')
    self.assertEqual(
      divided['validation'], ['a-001', 'b-000', 'c-000', 'c-001']
    )
    self.assertLen(divided['train'], 3)

  def test_usual_folders(self):
    frames = self._frames({'a': 2}, 'training') + self._frames({'b': 1}, 'val')
    frames += self._frames({'c': 1}, 'extra')
    self.assertEqual(
      self._divide(frames),
      {
        'train': ['training-a-000', 'training-a-001'],
        'validation': ['val-b-000'],
      },
    )

  def test_named_folders_and_a_share(self):
    frames = self._frames({'a': 3, 'b': 3}, 'good')
    frames += self._frames({'c': 1}, 'exam')
    divided = self._divide(
      frames, train=('good',), test=('exam',), validation=0.5
    )
    self.assertLen(divided['validation'], 3)
    self.assertEqual(divided['test'], ['exam-c-000'])

  def test_name_matches_nothing(self):
    message = self._refusal(self._frames({'a': 2, 'b': 2}), validation=('c',))
    self.assertIn("validation: no folder or sequence matches 'c'", message)
    self.assertIn('the names are a, b', message)

  def test_bad_lists_are_reported_line_by_line(self):
    (self.root / 'val.txt').write_text('a-000\nx\ny\n')
    frames = self._frames({'a': 2})
    message = self._refusal(frames, validation='val.txt', test='no.txt')
    self.assertIn("val.txt: line 2, 'x', matches no frame", message)
    self.assertIn("line 3, 'y'", message)
    self.assertIn('no.txt: split.test: the list cannot be read', message)

  def test_frame_in_two_splits(self):
    frames = self._frames({'a': 1, 'b': 1})
    message = self._refusal(frames, validation=('a',), test=('a',))
    self.assertIn('a-000 is in split.validation and in split.test', message)

  def test_nothing_left_to_train_on(self):
    message = self._refusal(self._frames({'a': 3}), validation=('a',))
    self.assertIn('none of 3 frames is left for training', message)
    message = self._refusal(self._frames({'a': 1}, 'val'))
    self.assertIn('is left for training', message)


if __name__ == '__main__':
  absltest.main()
