# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/live.py, with real sources and models."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.pictures import picture_files
from depth_mai.report import scale
from depth_mai.runtime import model_file
from depth_mai.streaming import live
from depth_mai.streaming import live_colours
from depth_mai.streaming import sources
from tests.runtime import tiny_model
from tests.streaming import moving_pictures

# Streams Motion JPEG from standard input until it gets a signal.
_STREAM = """
import sys
from depth_mai.report import scale
from depth_mai.runtime import model_file
from depth_mai.streaming import live
live.run_until_interrupted(
  model_file.TfliteModel(sys.argv[1]), None, '-', 'none', '',
  scale.ColourRange(), output_dir=sys.argv[2])
print('It has ended cleanly.')
"""


class _View:
  """Records the frames that it is shown."""

  def __init__(self, size=(24, 32)):
    self.shown, self._size = [], size

  def panel_size(self, height, width):
    return self._size

  def show(self, shown):
    self.shown.append(shown)

  def close(self):
    pass


class LiveTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    # Depth in metres is 1 + red / 51, of a 48 x 64 picture.
    self.model_path = self.folder / 'm.tflite'
    self.model_path.write_bytes(
      tiny_model.float_model(
        (48, 64), (1 / 51, 0.0, 0.0), 1.0, metadata={'output_unit': 'm'}
      )
    )
    self.pictures = self.folder / 'pictures'
    moving_pictures.folder(self.pictures, 10)

  def _live(self, view, every_frame=True):
    return live.Live(
      model_file.TfliteModel(self.model_path),
      sources.FolderSource(self.pictures),
      view,
      live_colours.LiveColours(scale.ColourRange(1.0, 6.0)),
      every_frame=every_frame,
    )

  def test_every_frame_is_predicted_coloured_and_counted(self):
    view = _View()
    running = self._live(view)
    running.run()
    numbers = [moving_pictures.number_of(s.rgb_uint8) for s in view.shown]
    self.assertEqual(numbers, list(range(10)))
    expected = live_colours.LiveColours(scale.ColourRange(1.0, 6.0))
    for number, shown in enumerate(view.shown):
      depth_mm = np.full((24, 32), 1000 + 1000 * (20 * number + 10) / 51)
      expected.follow(depth_mm)
      np.testing.assert_array_equal(
        shown.depth_rgb, expected.colourise(np.float32(depth_mm))
      )
      self.assertEqual((shown.near_m, shown.far_m), (1.0, 6.0))
      np.testing.assert_allclose(shown.depth_mm, depth_mm, rtol=1e-5)
      self.assertEqual(shown.name, f'{number:03d}')
    self.assertRegex(
      running.summary(), r'10 frames shown, 0 dropped .*, 0 damaged; [\d.]+ fr'
    )

  def test_the_newest_frame_is_next(self):
    view = _View()
    running = self._live(view, every_frame=False)
    running.run()
    statistics = running.statistics()
    self.assertEqual(statistics['frames'] + statistics['dropped'], 10)
    numbers = [moving_pictures.number_of(s.rgb_uint8) for s in view.shown]
    self.assertEqual(numbers, sorted(set(numbers)))
    self.assertEqual(numbers[-1], 9)

  def test_statistics_contain_all_stages(self):
    view = _View()
    self._live(view).run()
    last = json.loads(json.dumps(view.shown[-1].statistics))
    self.assertEqual((last['frames'], last['model']), (9, 'm.tflite'))
    self.assertGreater(last['frames_per_second'], 0)
    self.assertContainsSubset(
      ['wait', 'capture', 'preprocess', 'inference', 'drawing', 'age'],
      last['stages_ms'],
    )
    for words in ('fps, 0 dropped', 'inference', 'Ctrl-C'):
      self.assertIn(words, view.shown[-1].status)

  def test_max_frames(self):
    view = _View(size=None)
    self._live(view).run(max_frames=4)
    self.assertLen(view.shown, 4)
    self.assertEqual(view.shown[0].rgb_uint8.size, 0)

  def test_damaged_frames_are_skipped(self):
    (self.pictures / '003.png').write_bytes(b'bad')
    view = _View()
    running = self._live(view)
    running.run()
    self.assertLen(view.shown, 9)
    self.assertIn('1 damaged (003)', running.summary())
    self.assertIn('1 damaged', running.status())

  def test_only_damaged_frames_is_an_error(self):
    for number in range(40):
      (self.pictures / f'{number:03d}.png').write_bytes(b'bad')
    with self.assertRaisesRegex(ValueError, '30 pictures in a row .*029.png'):
      self._live(_View()).run()

  def test_an_unknown_view(self):
    with self.assertRaisesRegex(
      ValueError, '--view=tv is not one of terminal, b'
    ):
      live.open_view('tv', '')

  def test_a_recording_of_any_size_and_the_summary(self):
    lines = []
    pictures = self.folder / 'large'
    pictures.mkdir()
    Image.fromarray(moving_pictures.picture(4, (90, 100))).save(
      pictures / 'a.png'
    )
    live.run_until_interrupted(
      model_file.TfliteModel(self.model_path), None, str(pictures), 'none', '',
      scale.ColourRange(), output_dir=str(self.folder / 'out'),
      every_frame=True, report_line=lines.append,
    )  # fmt: skip
    depth_mm = picture_files.read_depth_mm(self.folder / 'out/a_depth.png')
    self.assertEqual(depth_mm.shape, (90, 100))
    np.testing.assert_allclose(depth_mm, 1000 + 1000 * 90 / 51, atol=1)
    self.assertRegex(lines[0], '1 frame shown')

  def _record(self, **options):
    lines = []
    live.run_until_interrupted(
      model_file.TfliteModel(self.model_path), None, str(self.pictures), 'none',
      '', scale.ColourRange(), every_frame=True, report_line=lines.append,
      **options,
    )  # fmt: skip
    return lines

  def test_results_are_named_after_their_pictures(self):
    out = self.folder / 'out'
    for path in self.pictures.iterdir():
      path.rename(self.pictures / f'{int(path.stem)}.png')
    for number in (10, 11):
      height = 48 + number
      Image.fromarray(moving_pictures.picture(4, (height, 64))).save(
        self.pictures / f'{number}.png'
      )
    (self.pictures / '10.jpg').write_bytes(moving_pictures.jpeg(4))
    (self.pictures / '3.png').write_bytes(b'damaged')
    (self.pictures / 'notes.txt').touch()
    lines = self._record(output_dir=str(out))
    names = {path.name.removesuffix('_depth.png') for path in out.iterdir()}
    expected = {str(number) for number in range(12)} - {'3'} | {'10_2'}
    self.assertEqual(names, expected)
    for name, height in (('10', 48), ('10_2', 58), ('11', 59)):
      depth_mm = picture_files.read_depth_mm(out / f'{name}_depth.png')
      self.assertEqual(depth_mm.shape, (height, 64))
    self.assertIn('left out: 1 (notes.txt)', lines[0])
    self.assertIn('10.png are named 10_2', lines[1])
    self.assertIn('1 damaged (3)', lines[-1])

  def test_results_are_not_written_between_the_pictures(self):
    with self.assertRaisesRegex(ValueError, 'Choose another --output_dir'):
      self._record(output_dir=str(self.pictures / '..' / 'pictures'))
    self.assertLen(list(self.pictures.iterdir()), 10)

  def test_a_view_that_fails_closes_the_source(self):
    before = threading.active_count()
    with mock.patch.object(sources.FolderSource, 'close') as closed:
      with self.assertRaisesRegex(ValueError, 'give host:port'):
        live.run_until_interrupted(
          model_file.TfliteModel(self.model_path), None, str(self.pictures),
          'browser', 'nowhere', scale.ColourRange(),
        )  # fmt: skip
    closed.assert_called()
    self.assertEqual(threading.active_count(), before)

  def _stream(self, stdin):
    return moving_pictures.start(
      _STREAM,
      self.model_path,
      self.folder / 'out',
      stdin=stdin,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      env={
        **os.environ,
        'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
        # As a service runs it: lines must not wait in a buffer.
        'PYTHONUNBUFFERED': '',
      },
    )

  def test_ctrl_c_ends_a_stalled_stream(self):
    reading, writing = os.pipe()
    stream = self._stream(reading)
    os.close(reading)
    for number in range(3):
      os.write(writing, moving_pictures.jpeg(number))
    while not list(self.folder.glob('out/*2_depth.png')):
      self.assertIsNone(stream.poll())
      time.sleep(0.05)
    stream.send_signal(signal.SIGINT)
    said, errors = stream.communicate(timeout=20)
    os.close(writing)
    self.assertEqual(stream.returncode, 0, errors)
    self.assertTrue(said.endswith('It has ended cleanly.\n'), said)
    self.assertNotRegex(errors, 'Traceback|Fatal')

  @parameterized.parameters(signal.SIGINT, signal.SIGTERM)
  def test_ctrl_c_and_kill_end_cleanly(self, number):
    moving_pictures.motion_jpeg(self.folder / 'a.mjpeg', 5)
    camera = moving_pictures.start(
      moving_pictures.ENDLESS,
      self.folder / 'a.mjpeg',
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
    )
    stream = self._stream(camera.stdout)
    camera.stdout.close()
    self.assertRegex(stream.stdout.readline(), r'\d fps, \d+ dropped')
    stream.send_signal(number)
    said, errors = stream.communicate(timeout=20)
    camera.kill()
    camera.wait()
    self.assertEqual(stream.returncode, 0, errors)
    self.assertRegex(said, r'\d+ frames shown.*\nstage +median')
    self.assertTrue(said.endswith('It has ended cleanly.\n'), said)
    self.assertNotIn('Traceback', errors)
    for path in (self.folder / 'out').iterdir():  # All are complete.
      self.assertEqual(picture_files.read_depth_mm(path).shape, (48, 64))


if __name__ == '__main__':
  absltest.main()
