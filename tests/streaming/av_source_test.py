# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/av_source.py with files that PyAV encodes.

There is no camera here, so only the errors of cameras are tested.
"""

import errno
import importlib.util
import os
import pathlib
import struct
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.streaming import av_source
from depth_mai.streaming import frame as frame_lib
from tests.streaming import moving_pictures

_NEEDS_AV = absltest.skipUnless(
  importlib.util.find_spec('av'),
  'PyAV is not installed: pip install av',
)

# Root may open anything, so this becomes nobody.
_AS_NOBODY = """
import os, sys
import av
from depth_mai.streaming import av_source
try:
  os.setuid(65534)
except OSError:
  sys.exit(8)
av_source.open_camera(sys.argv[1])
"""


def _write_video(path, codec, frames=12, rate=10, options=None):
  import av

  with av.open(str(path), 'w') as container:
    stream = container.add_stream(codec, rate=rate)
    stream.width, stream.height = 64, 48
    stream.options = options or {}
    stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
    for number in range(frames):
      rgb_uint8 = moving_pictures.picture(number)
      rgb_uint8[:24, :16, 1:] = 250  # Its upper left corner is bright.
      picture = av.VideoFrame.from_ndarray(rgb_uint8, format='rgb24')
      container.mux(stream.encode(picture))
    container.mux(stream.encode())


class AvSourceTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  @_NEEDS_AV
  @parameterized.parameters(
    ('a.mp4', 'mpeg4'), ('a.mkv', 'libx264'), ('a.avi', 'mjpeg')
  )
  def test_frames_of_a_video(self, name, codec):
    _write_video(self.folder / name, codec)
    source = av_source.open_video(self.folder / name)
    frames = list(source.frames())
    numbers = [moving_pictures.number_of(frame.decode()) for frame in frames]
    self.assertEqual(numbers, list(range(12)))
    for frame in frames:
      self.assertAlmostEqual(frame.time_s, frame.number / 10, places=3)
    self.assertFalse(source.live)

  @_NEEDS_AV
  def test_close_ends_at_the_next_picture(self):
    _write_video(self.folder / 'a.mp4', 'mpeg4')
    source = av_source.open_video(self.folder / 'a.mp4')
    frames = source.frames()
    next(frames)
    source.close()
    self.assertEmpty(list(frames))

  @_NEEDS_AV
  def test_a_damaged_video_yields_its_intact_frames(self):
    _write_video(self.folder / 'a.mkv', 'mpeg4', frames=10)
    whole = (self.folder / 'a.mkv').read_bytes()
    (self.folder / 'b.mkv').write_bytes(whole[: 2 * len(whole) // 3])
    count = 0
    try:
      for _ in av_source.open_video(self.folder / 'b.mkv').frames():
        count += 1
    except ValueError as error:
      self.assertIn('b.mkv cannot be read on', str(error))
    self.assertBetween(count, 1, 9)

  @_NEEDS_AV
  @parameterized.product(name=('a.mp4', 'a.mkv', 'a.avi'), bad=(0, 3, 11))
  def test_a_damaged_frame_keeps_its_number(self, name, bad):
    import av

    codecs = {'a.mp4': 'mpeg4', 'a.mkv': 'libx264', 'a.avi': 'mjpeg'}
    path = self.folder / name
    _write_video(path, codecs[name], options={'g': '1'})  # Only key frames.
    with av.open(str(path)) as container:
      packets = [bytes(p) for p in container.demux(video=0) if p.size]
    whole = path.read_bytes()
    path.write_bytes(whole.replace(packets[bad], bytes(len(packets[bad]))))
    found, damaged = [], []
    for frame in av_source.open_video(path).frames():
      try:
        found.append((frame.number, moving_pictures.number_of(frame.decode())))
      except frame_lib.DamagedFrameError:
        damaged.append(frame.number)
    self.assertEqual(damaged, [bad])
    self.assertEqual(found, [(i, i) for i in range(12) if i != bad])

  @_NEEDS_AV
  @parameterized.parameters(
    # ISO/IEC 14496-12, 6.2.2: (x, y) is shown at (a x + c y, b x + d y).
    ((1, 0, 0, 1), lambda stored: stored),
    ((0, 1, -1, 0), lambda stored: np.rot90(stored, -1)),
    ((-1, 0, 0, -1), lambda stored: stored[::-1, ::-1]),
    ((0, -1, 1, 0), lambda stored: np.rot90(stored, 1)),
    ((-1, 0, 0, 1), lambda stored: stored[:, ::-1]),
    ((1, 0, 0, -1), lambda stored: stored[::-1]),
    ((0, 1, 1, 0), lambda stored: stored.swapaxes(0, 1)),
  )
  def test_frames_are_turned_as_phones_store_it(self, matrix, turned):
    path = self.folder / 'a.mp4'
    _write_video(path, 'mpeg4', frames=1)
    (frame,) = av_source.open_video(path).frames()
    stored = frame.decode()
    video = bytearray(path.read_bytes())
    # The box tkhd of version 0: the matrix is 40 bytes after version and flags.
    at = video.index(b'tkhd') + 4 + 40
    a, b, c, d = (number << 16 for number in matrix)
    video[at : at + 36] = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(video)
    (frame,) = av_source.open_video(path).frames()
    np.testing.assert_array_equal(frame.decode(), turned(stored))

  @_NEEDS_AV
  def test_transparent_parts_are_white(self):
    import av

    rgba = np.full((48, 64, 4), 200, np.uint8)
    rgba[..., 3] = np.array([0, 51, 255])[np.arange(64) % 3]
    with av.open(str(self.folder / 'a.mkv'), 'w') as container:
      stream = container.add_stream('ffv1', rate=10)
      stream.width, stream.height, stream.pix_fmt = 64, 48, 'bgra'
      picture = av.VideoFrame.from_ndarray(rgba, format='rgba')
      container.mux(stream.encode(picture))
      container.mux(stream.encode())
    (frame,) = av_source.open_video(self.folder / 'a.mkv').frames()
    expected = np.array([255, 244, 200])[np.arange(64) % 3]  # Over white.
    np.testing.assert_array_equal(
      frame.decode(), np.broadcast_to(expected[:, None], (48, 64, 3))
    )

  @_NEEDS_AV
  def test_a_file_that_is_not_a_video(self):
    (self.folder / 'a.mp4').write_bytes(b'no video at all' * 100)
    with self.assertRaisesRegex(ValueError, 'a.mp4 cannot be opened as a vid'):
      av_source.open_video(self.folder / 'a.mp4')

  @_NEEDS_AV
  def test_only_sound(self):
    import av

    with av.open(str(self.folder / 'a.wav'), 'w') as container:
      stream = container.add_stream('pcm_s16le', rate=8000)
      sound = av.AudioFrame.from_ndarray(
        np.zeros((1, 800), np.int16), format='s16', layout='mono'
      )
      sound.rate = 8000
      container.mux(stream.encode(sound))
    with self.assertRaisesRegex(ValueError, 'contains no video'):
      av_source.open_video(self.folder / 'a.wav')

  @_NEEDS_AV
  def test_files_cannot_use_the_network(self):
    # A playlist may name any address; FFmpeg would fetch it.
    (self.folder / 'a.m3u8').write_text(
      '#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n'
    )
    with self.assertRaisesRegex(ValueError, 'a.m3u8 cannot be opened'):
      av_source.open_video(self.folder / 'a.m3u8')

  def test_no_such_video(self):
    with self.assertRaisesRegex(
      ValueError, 'The video .*none.mp4 does not exist'
    ):
      av_source.open_video(self.folder / 'none.mp4')

  @_NEEDS_AV
  def test_no_such_camera(self):
    with self.assertRaisesRegex(ValueError, 'no camera /dev/video99; found'):
      av_source.open_camera('/dev/video99')

  @_NEEDS_AV
  def test_a_file_that_is_not_a_camera(self):
    (self.folder / 'video0').write_bytes(b'')
    with self.assertRaisesRegex(
      ValueError, 'video0 yields no pictures: .*v4l2'
    ):
      av_source.open_camera(str(self.folder / 'video0'))

  @_NEEDS_AV
  @absltest.skipUnless(hasattr(os, 'geteuid') and not os.geteuid(), 'not root')
  def test_a_camera_without_permission(self):
    device = self.folder / 'video0'
    device.write_bytes(b'')
    device.chmod(0)
    self.folder.chmod(0o755)
    done = subprocess.run(
      [sys.executable, '-c', _AS_NOBODY, str(device)],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
    )
    if done.returncode == 8:
      self.skipTest('There is nobody in this user namespace.')
    self.assertRegex(done.stderr, 'ValueError: .*usermod -aG video')

  @parameterized.parameters(
    (
      errno.ENOENT,
      'There is no camera /dev/video7; found: .*/video3.*rpi',
    ),
    (errno.EACCES, 'usermod -aG video'),
    (errno.EBUSY, 'in use by another program.*sudo fuser -v /dev/video7'),
    (errno.ENOTTY, 'yields no pictures: Inappropriate ioctl .*/video3'),
  )
  def test_explain_camera(self, number, text):
    (self.folder / 'video3').touch()
    error = OSError(number, os.strerror(number))
    said = av_source.explain_camera(
      '/dev/video7', error, f'{self.folder}/video*'
    )
    self.assertRegex(said, text)

  def test_without_pyav(self):
    (self.folder / 'a.mp4').touch()
    with mock.patch.dict(sys.modules, {'av': None}):
      for open_it in (
        lambda: av_source.open_camera('/dev/video0'),
        lambda: av_source.open_video(self.folder / 'a.mp4'),
      ):
        with self.assertRaisesRegex(
          ValueError, 'pip install av .*--camera=rpicam'
        ):
          open_it()


if __name__ == '__main__':
  absltest.main()
