# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/pipe_source.py with real pipes and programs."""

import os
import pathlib
import sys
import threading
import time

from absl.testing import absltest

from depth_mai.streaming import pipe_source
from tests.streaming import moving_pictures

# Does not end when it is asked to.
_DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""


def _numbers(frames):
  return [moving_pictures.number_of(frame.decode()) for frame in frames]


class PipeSourceTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.file = pathlib.Path(self.create_tempdir().full_path) / 'a.mjpeg'
    moving_pictures.motion_jpeg(self.file, 5)

  def _endless(self, before=''):
    source = pipe_source.ProgramSource(
      [sys.executable, '-c', before + moving_pictures.ENDLESS, str(self.file)],
      'The program',
    )
    self.addCleanup(source.close)
    return source

  def test_a_file(self):
    with open(self.file, 'rb') as stream:
      source = pipe_source.StreamSource(stream, 'It', live=False)
      frames = list(source.frames())
    self.assertSequenceEqual(_numbers(frames), range(5))
    self.assertEqual([frame.number for frame in frames], list(range(5)))
    # 30 frames a second.
    self.assertAlmostEqual(frames[3].time_s, 0.1)

  def test_a_pipe_gives_each_picture_when_it_is_there(self):
    reading, writing = os.pipe()
    with open(reading, 'rb') as stream:
      frames = pipe_source.StreamSource(stream, 'It', True).frames()
      for number in (3, 1, 2):
        os.write(writing, moving_pictures.jpeg(number))
        self.assertEqual(_numbers([next(frames)]), [number])
      os.close(writing)
      self.assertEmpty(list(frames))

  def test_close_ends_a_stream(self):
    with open(self.file, 'rb') as stream:
      source = pipe_source.StreamSource(stream, 'It', live=False)
      source.close()
      self.assertEmpty(list(source.frames()))

  def test_close_ends_a_stream_that_gives_nothing(self):
    reading, writing = os.pipe()
    self.addCleanup(os.close, writing)
    with open(reading, 'rb') as stream:
      source = pipe_source.StreamSource(stream, 'It', live=True)
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
    self.assertEmpty(list(frames)[40:])  # What the pipe still held.
    self.assertLess(time.monotonic() - began_s, 2)

  def test_a_program_that_does_not_listen_is_killed(self):
    source = self._endless(_DEAF)
    next(source.frames())
    source.close()
    source.close()

  def test_a_program_that_ends_well(self):
    code = f'import sys; sys.stdout.buffer.write(open({str(self.file)!r}, "rb")'
    source = pipe_source.ProgramSource(
      [sys.executable, '-c', f'{code}.read())'], 'The program'
    )
    self.assertLen(list(source.frames()), 5)

  def test_a_program_that_fails_says_why(self):
    source = pipe_source.ProgramSource(
      [sys.executable, '-c', 'import sys; sys.exit("no lens")'],
      'The program',
      lambda said: f'it says {said.strip()}: buy one',
    )
    with self.assertRaisesRegex(
      ValueError, 'The program ended with exit code 1: it says no lens: buy one'
    ):
      list(source.frames())

  def test_a_program_that_is_not_there(self):
    with self.assertRaisesRegex(ValueError, '/no/program cannot be started'):
      pipe_source.ProgramSource(['/no/program'], 'It')


if __name__ == '__main__':
  absltest.main()
