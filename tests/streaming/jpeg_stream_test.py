# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/jpeg_stream.py with Pillow's JPEGs."""

import io
import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.streaming import frame
from depth_mai.streaming import jpeg_stream
from tests.streaming import moving_pictures


def _noise(**options):
  """Returns a JPEG of noise: its data hold all kinds of bytes."""
  noise = np.random.default_rng(3).integers(0, 256, (120, 160, 3), np.uint8)
  file = io.BytesIO()
  Image.fromarray(noise).save(file, 'JPEG', quality=95, **options)
  return file.getvalue()


def _with_thumbnail():
  """Returns a JPEG with a whole JPEG inside of an APP1 segment."""
  outer, inner = moving_pictures.jpeg(4), moving_pictures.jpeg(9)
  segment = b'Exif\0\0' + inner
  header = b'\xff\xe1' + (len(segment) + 2).to_bytes(2, 'big')
  return outer[:2] + header + segment + outer[2:]


def _split(data, seed=0):
  """Splits data that arrive in pieces of any size."""
  stream, sizes = io.BytesIO(data), random.Random(seed)
  read = lambda _: stream.read(sizes.choice((1, 7, 100, 1500, 60000)))
  return list(jpeg_stream.split(read, 'It'))


class JpegStreamTest(parameterized.TestCase):
  @parameterized.named_parameters(
    ('nothing', b''),
    ('zeros', bytes(5)),
    ('http', b'\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n'),
    ('a_start_that_is_none', b'\xff\xd8\xff\xd8\xff\x00\x01'),
    ('a_marker_too_many', b'\xff\xd9'),
  )
  def test_pictures_and_what_lies_between_them(self, between):
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

  def test_an_incomplete_last_picture_is_left_out(self):
    one = moving_pictures.jpeg(1)
    for rest in (2, 20, len(one) // 2, len(one) - 1):
      self.assertSequenceEqual(_split(one + one[:rest]), [one])

  def test_a_cut_picture_costs_no_other(self):
    one = _noise()
    cut = one[: len(one) // 2]
    found = _split(one + cut + one + one)
    self.assertEqual(found[0], one)
    self.assertEqual(found[-1], one)

  def test_thumbnails_do_not_end_a_picture(self):
    outer = _with_thumbnail()
    self.assertEqual(jpeg_stream.picture_end(outer), len(outer))
    decoded = jpeg_stream.decode(_split(outer)[0])
    self.assertEqual(moving_pictures.number_of(decoded), 4)

  def test_more_data_or_no_picture(self):
    whole = moving_pictures.jpeg(1)
    for length in range(2, len(whole)):
      self.assertIsNone(jpeg_stream.picture_end(whole[:length]))
    self.assertEqual(jpeg_stream.picture_end(b'\xff\xd8\xff\xd9' * 4), 0)
    self.assertEqual(jpeg_stream.picture_end(b'\xff\xd8\x12\x34\x56\x78'), 0)

  @parameterized.parameters(b'', b'\0\0\0\1\x67' * 2_000_000)
  def test_another_stream_is_refused_with_the_cure(self, data):
    with self.assertRaisesRegex(
      ValueError, 'It contains no JPEG.*--codec mjpeg'
    ):
      _split(data)

  def test_decodes_as_pillow_does(self):
    with Image.open(io.BytesIO(_noise())) as picture:
      expected = np.array(picture)
    np.testing.assert_array_equal(jpeg_stream.decode(_noise()), expected)

  def test_grey_becomes_rgb(self):
    file = io.BytesIO()
    Image.new('L', (8, 6), 77).save(file, 'JPEG')
    rgb_uint8 = jpeg_stream.decode(file.getvalue())
    self.assertEqual(rgb_uint8.shape, (6, 8, 3))
    self.assertLess(np.ptp(rgb_uint8), 3)

  def test_damage_is_told_apart(self):
    jpeg = _noise()
    for damaged in (jpeg[:200], jpeg[: len(jpeg) // 2], b'\xff\xd8\xff\xe0'):
      with self.assertRaises(frame.DamagedFrameError):
        jpeg_stream.decode(damaged)


if __name__ == '__main__':
  absltest.main()
