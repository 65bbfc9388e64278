# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/motion_jpeg.py with real pipes and programs."""

import io
import os
import pathlib
import random
import sys
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.streaming import frame as frame_lib
from depth_mai.streaming import motion_jpeg
from tests.streaming import moving_pictures

# Ignores SIGTERM.
_IGNORES_SIGTERM = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""


def _numbers(frames):
  return [moving_pictures.number_of(frame.decode()) for frame in frames]


def _noise(**options):
  """Returns a JPEG of noise, whose data contain all kinds of bytes."""
  noise = np.random.default_rng(3).integers(0, 256, (120, 160, 3), np.uint8)
  file = io.BytesIO()
  Image.fromarray(noise).save(file, 'JPEG', quality=95, **options)
  return file.getvalue()


def _with_thumbnail():
  """Returns a JPEG with a whole JPEG inside an APP1 segment."""
  outer, inner = moving_pictures.jpeg(4), moving_pictures.jpeg(9)
  segment = b'Exif\0\0' + inner
  header = b'\xff\xe1' + (len(segment) + 2).to_bytes(2, 'big')
  return outer[:2] + header + segment + outer[2:]


def _split(data, seed=0):
  """Splits data that arrive in pieces of any size."""
  stream, sizes = io.BytesIO(data), random.Random(seed)
  read = lambda _: stream.read(sizes.choice((1, 7, 100, 1500, 60000)))
  return list(motion_jpeg.split(read, 'It'))


class SourcesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.file = pathlib.Path(self.create_tempdir().full_path) / 'a.mjpeg'
    moving_pictures.motion_jpeg(self.file, 5)

  def _endless(self, before=''):
    source = motion_jpeg.ProgramSource(
      [sys.executable, '-c', before + moving_pictures.ENDLESS, str(self.file)],
      'The program',
    )
    self.addCleanup(source.close)
    return source

  def test_a_file(self):
    with open(self.file, 'rb') as stream:
      source = motion_jpeg.StreamSource(stream, 'It', live=False)
      frames = list(source.frames())
    self.assertSequenceEqual(_numbers(frames), range(5))
    self.assertEqual([frame.number for frame in frames], list(range(5)))
    # 30 frames a second.
    self.assertAlmostEqual(frames[3].time_s, 0.1)

  def test_a_pipe_yields_each_picture_as_it_arrives(self):
    reading, writing = os.pipe()
    with open(reading, 'rb') as stream:
      frames = motion_jpeg.StreamSource(stream, 'It', True).frames()
      for number in (3, 1, 2):
        os.write(writing, moving_pictures.jpeg(number))
        self.assertEqual(_numbers([next(frames)]), [number])
      os.close(writing)
      self.assertEmpty(list(frames))

  def test_close_ends_a_stream(self):
    with open(self.file, 'rb') as stream:
      source = motion_jpeg.StreamSource(stream, 'It', live=False)
      source.close()
      self.assertEmpty(list(source.frames()))

  def test_close_ends_a_waiting_stream(self):
    reading, writing = os.pipe()
    self.addCleanup(os.close, writing)
    with open(reading, 'rb') as stream:
      source = motion_jpeg.StreamSource(stream, 'It', live=True)
      waiting = threading.Thread(target=lambda: list(source.frames()))
      waiting.start()
      source.close()
      waiting.join(5)
      self.assertFalse(waiting.is_alive())

  def test_a_program(self):
    source = self._endless()
    frames = source.frames()
    numbers = _numbers(next(frames) for _ in range(12))
    self.assertSequenceEqual(numbers, [number % 5 for number in range(12)])
    began_s = time.monotonic()
    source.close()
    self.assertEmpty(list(frames)[40:])  # The rest of the pipe.
    self.assertLess(time.monotonic() - began_s, 2)

  def test_a_program_that_ignores_sigterm_is_killed(self):
    source = self._endless(_IGNORES_SIGTERM)
    next(source.frames())
    source.close()
    source.close()

  def test_a_program_that_succeeds(self):
    code = f'import sys; sys.stdout.buffer.write(open({str(self.file)!r}, "rb")'
    source = motion_jpeg.ProgramSource(
      [sys.executable, '-c', f'{code}.read())'], 'The program'
    )
    self.assertLen(list(source.frames()), 5)

  def test_the_error_of_a_program_is_explained(self):
    source = motion_jpeg.ProgramSource(
      [sys.executable, '-c', 'import sys; sys.exit("no lens")'],
      'The program',
      lambda said: f'it says {said.strip()}: buy one',
    )
    with self.assertRaisesRegex(
      ValueError, 'The program ended with exit code 1: it says no lens: buy one'
    ):
      list(source.frames())

  def test_a_missing_program(self):
    with self.assertRaisesRegex(ValueError, '/no/program cannot be started'):
      motion_jpeg.ProgramSource(['/no/program'], 'It')


class SplitTest(parameterized.TestCase):
  @parameterized.named_parameters(
    ('nothing', b''),
    ('zeros', bytes(5)),
    ('http', b'\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n'),
    ('a_start_that_is_none', b'\xff\xd8\xff\xd8\xff\x00\x01'),
    ('a_marker_too_many', b'\xff\xd9'),
  )
  def test_pictures_with_other_bytes_between(self, between):
    jpegs = [
      moving_pictures.jpeg(1),
      _noise(),
      _noise(progressive=True),
      _noise(restart_marker_rows=1),
      _with_thumbnail(),
      moving_pictures.jpeg(2),
    ]
    data = between + b''.join(jpeg + between for jpeg in jpegs)
    for seed in range(4):
      self.assertSequenceEqual(_split(data, seed), jpegs)

  def test_an_incomplete_last_picture_is_yielded_but_refused(self):
    one = moving_pictures.jpeg(1)
    for rest in (20, len(one) // 2, len(one) - 1):
      self.assertSequenceEqual(_split(one + one[:rest]), [one, one[:rest]])
      with self.assertRaises(frame_lib.DamagedFrameError):
        motion_jpeg.decode(one[:rest])
    self.assertSequenceEqual(_split(one + one[:2]), [one])

  def test_a_cut_picture_does_not_affect_others(self):
    one, two = _noise(), moving_pictures.jpeg(2)
    for cut in (one[: len(one) // 2], one[:100], _with_thumbnail()[:-400]):
      found = _split(one + cut + two + one)
      self.assertTrue(found == [one, cut, two, one], [*map(len, found)])

  def test_a_picture_without_a_valid_segment_keeps_its_place(self):
    one, damaged = _noise(), bytearray(_noise())
    segment = damaged.index(b'\xff\xdb')
    damaged[segment : segment + 4] = bytes(4)
    found = _split(one + damaged + one)
    self.assertTrue(found == [one, damaged, one], [*map(len, found)])
    with self.assertRaises(frame_lib.DamagedFrameError):
      motion_jpeg.decode(found[1])

  def test_frames_of_usb_cameras_have_no_huffman_tables(self):
    # AVI1 frames leave out the tables of the standard, ITU-T T.81, annex K.
    whole = io.BytesIO()
    colours = np.linspace(0, 255, 3 * 48 * 64).reshape(48, 64, 3)
    Image.fromarray(colours.astype(np.uint8)).save(whole, 'JPEG')
    whole = whole.getvalue()
    without, at = whole[:2], 2
    while whole[at + 1] != 0xDA:
      end = at + 2 + int.from_bytes(whole[at + 2 : at + 4], 'big')
      without += whole[at:end] if whole[at + 1] != 0xC4 else b''
      at = end
    without += whole[at:]
    self.assertLess(len(without), len(whole))
    padded = _split((without + bytes(37)) * 3)
    self.assertSequenceEqual(padded, [without] * 3)
    np.testing.assert_array_equal(
      motion_jpeg.decode(without), motion_jpeg.decode(whole)
    )

  def test_thumbnails_do_not_end_a_picture(self):
    outer = _with_thumbnail()
    self.assertEqual(motion_jpeg.picture_end(outer), len(outer))
    decoded = motion_jpeg.decode(_split(outer)[0])
    self.assertEqual(moving_pictures.number_of(decoded), 4)

  def test_more_data_or_no_picture(self):
    whole = moving_pictures.jpeg(1)
    for length in range(2, len(whole)):
      self.assertIsNone(motion_jpeg.picture_end(whole[:length]))
    self.assertEqual(motion_jpeg.picture_end(b'\xff\xd8\xff\xd9' * 4), 0)
    self.assertEqual(motion_jpeg.picture_end(b'\xff\xd8\x12\x34\x56\x78'), 0)

  @parameterized.parameters(b'', b'\0\0\0\1\x67' * 2_000_000)
  def test_the_error_for_another_stream_names_the_cure(self, data):
    with self.assertRaisesRegex(
      ValueError, 'It contains no JPEG.*--codec mjpeg'
    ):
      _split(data)

  def test_decodes_as_pillow_does(self):
    with Image.open(io.BytesIO(_noise())) as picture:
      expected = np.array(picture)
    np.testing.assert_array_equal(motion_jpeg.decode(_noise()), expected)

  def test_grey_becomes_rgb(self):
    file = io.BytesIO()
    Image.new('L', (8, 6), 77).save(file, 'JPEG')
    rgb_uint8 = motion_jpeg.decode(file.getvalue())
    self.assertEqual(rgb_uint8.shape, (6, 8, 3))
    self.assertLess(np.ptp(rgb_uint8), 3)

  def test_damage_raises_its_own_error(self):
    jpeg = _noise()
    for damaged in (jpeg[:200], jpeg[: len(jpeg) // 2], b'\xff\xd8\xff\xe0'):
      with self.assertRaises(frame_lib.DamagedFrameError):
        motion_jpeg.decode(damaged)


if __name__ == '__main__':
  absltest.main()
