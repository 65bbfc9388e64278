# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.predict from the command line."""

import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.devices.emulated_pi4 import guest
from depth_mai.pictures import picture_files
from tests.devices.emulated_pi4 import emulator
from tests.runtime import foreign_model
from tests.runtime import tiny_model
from tests.streaming import moving_pictures

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_ENVIRONMENT = {
  **os.environ,
  'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
}


def _run(*arguments):
  return subprocess.run(
    [sys.executable, *map(str, arguments)],
    env=_ENVIRONMENT,
    capture_output=True,
    text=True,
    check=False,
  )


class PredictTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.model = self.root / 'm.tflite'
    # Depth in metres is 1 + red / 51, so 1 m to 6 m.
    self.model.write_bytes(
      tiny_model.float_model(
        (48, 64), (1 / 51, 0.0, 0.0), 1.0, metadata={'output_unit': 'm'}
      )
    )
    ramp = np.zeros((60, 256, 3), np.uint8)
    ramp[..., 0] = np.arange(256)
    self.picture = self.root / 'ramp.png'
    Image.fromarray(ramp).save(self.picture)

  def _predict(self, *arguments):
    return _run(
      '-m',
      'depth_mai.predict',
      f'--model={self.model}',
      f'--output_dir={self.root / "out"}',
      *arguments,
    )

  def test_a_file_of_another_project(self):
    # Takes 0..1 and gives metres: 1 + 5 * mean.
    self.model.write_bytes(foreign_model.mean((1, 3, 48, 64), 5.0, 1.0))
    done = self._predict(self.picture)
    self.assertEqual(done.returncode, 1)
    self.assertNotIn('Traceback', done.stderr)
    self.assertRegex(done.stderr, 'error: .*Declare --input_range .* --unit')
    self.assertFalse((self.root / 'out').exists())
    done = self._predict(self.picture, '--input_range=0..1', '--unit=m')
    self.assertEqual(done.returncode, 0, done.stderr)
    depth_mm = picture_files.read_depth_mm(self.root / 'out/ramp_depth.png')
    want = 1000 + 5000 * np.arange(256) / 255 / 3
    self.assertLess(np.abs(depth_mm - want)[:, 4:-4].max(), 15)

  def test_a_flag_against_the_metadata_is_said(self):
    done = self._predict(self.picture, '--unit=mm')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertRegex(done.stdout, 'unit mm .*--unit.* contradicts m .*metadata')

  def test_good_and_bad_pictures(self):
    (self.root / 'bad.jpg').write_bytes(b'bad')
    done = self._predict(
      self.picture, self.root / 'bad.jpg', '--near_m=1', '--far_m=8'
    )
    self.assertEqual(done.returncode, 1)
    self.assertRegex(done.stdout, r'\[1/2\] .*ramp.png: 256x60, .* 3\.5\d m')
    self.assertRegex(done.stderr, 'error: .*bad.jpg: this is not a picture')
    depth_mm = picture_files.read_depth_mm(self.root / 'out/ramp_depth.png')
    expected_mm = 1000 + 1000 * np.arange(256) / 51
    np.testing.assert_allclose(
      depth_mm[:, 8:-8], np.tile(expected_mm[8:-8], (60, 1)), atol=60
    )
    for name in ('ramp_colour.png', 'ramp_side_by_side.png'):
      with Image.open(self.root / 'out' / name) as picture:
        self.assertEqual(picture.mode, 'RGB')
        self.assertGreater(picture.width, 256)  # There is a bar.

  def test_good_pictures_only(self):
    done = self._predict(self.picture, '--num_threads=2')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertLen(os.listdir(self.root / 'out'), 3)

  def test_a_page_and_points(self):
    (self.root / 'bad.jpg').write_bytes(b'bad')
    done = self._predict(
      self.picture, self.root / 'bad.jpg', '--page', '--point_cloud', '--fov=90'
    )
    self.assertEqual(done.returncode, 1)  # The good picture is there.
    self.assertIn('Page of 1 picture:', done.stdout)
    page = (self.root / 'out/page.html').read_text()
    self.assertIn('<title>Depth of ramp.png</title>', page)
    self.assertIn(f'by {self.model}', page)
    header, _, body = (
      (self.root / 'out/ramp_points.ply').read_bytes().partition(b'header\n')
    )
    self.assertIn(b'element vertex 15360\n', header)
    vertices = np.frombuffer(body, [('xyz', '<f4', 3), ('rgb', 'u1', 3)])
    depth_mm = picture_files.read_depth_mm(self.root / 'out/ramp_depth.png')
    np.testing.assert_allclose(
      -vertices['xyz'][:, 2], depth_mm.ravel() / 1000, atol=6e-4
    )
    # At 90 degrees, x is z times the column over half of the width.
    ray = (np.tile(np.arange(256), 60) - 127.5) / 128
    np.testing.assert_allclose(
      vertices['xyz'][:, 0], -vertices['xyz'][:, 2] * ray, atol=1e-5
    )
    np.testing.assert_array_equal(
      vertices['rgb'][:, 0], np.tile(np.arange(256), 60)
    )
    again = self._predict(self.picture, '--page')
    self.assertIn('page.html already exists', again.stderr)

  def test_flags_that_cannot_be(self):
    done = self._predict(self.picture, '--near_m=5', '--far_m=2')
    self.assertEqual(done.returncode, 1)
    self.assertIn('0 < near_m < far_m', done.stdout + done.stderr)
    self.assertFalse((self.root / 'out').exists())

  def test_missing_model(self):
    self.model.unlink()
    done = self._predict(self.picture)
    self.assertEqual(done.returncode, 1)
    self.assertIn('error: There is no model file', done.stderr)
    self.assertNotIn('Traceback', done.stderr)

  def test_a_folder_as_a_video(self):
    pictures = self.root / 'pictures'
    moving_pictures.folder(pictures, 3)
    done = self._predict(f'--video={pictures}', '--every_frame')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('3 frames shown, 0 dropped', done.stdout)
    depth_mm = picture_files.read_depth_mm(self.root / 'out/002_depth.png')
    np.testing.assert_allclose(depth_mm, 1000 + 1000 * 50 / 51, atol=1)

  def test_streams_that_cannot_be(self):
    for flags, text in (
      (['--camera=usb'], 'error: --camera=usb: give a number'),
      (['--camera=0', '--video=a.mp4'], 'error: .* exactly one'),
      (['--video=none.mp4'], 'error: The video none.mp4 does not exist'),
      (
        ['--video=.', self.picture],
        'error: --camera and --video take no pictures',
      ),
      (['--video=tests', '--page'], 'error: --page .* take pictures, not'),
      (['--video=tests', '--view=terminal'], 'error: .* contains no picture'),
    ):
      done = self._predict(*flags)
      self.assertEqual(done.returncode, 1)
      self.assertRegex(done.stderr, text)
      self.assertNotIn('Traceback', done.stderr)

  def test_pictures_need_a_folder_for_the_results(self):
    done = _run('-m', 'depth_mai.predict', f'--model={self.model}', 'a.jpg')
    self.assertEqual(done.returncode, 1)
    self.assertIn('--output_dir', done.stderr)

  def test_an_emulated_raspberry_pi_predicts_the_same(self):
    installation = emulator.open_or_skip(self)
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(self.picture)
    # Depth in metres is 2 R + B, in eight bits.
    self.model.write_bytes(
      tiny_model.quantised_model('int8', (48, 64), 1.0, -128, 6.0, -128)
    )
    self.assertEqual(self._predict(self.picture).returncode, 0)
    program = ['-m', 'depth_mai.predict', f'--model={self.model}']
    done = guest.run_guest(
      installation,
      [*program, str(self.picture), f'--output_dir={self.root / "emulated"}'],
      pythonpath=[_ROOT],
      timeout_s=300,
    )
    self.assertEqual(done.returncode, 0, done.stderr)
    here_mm, emulated_mm = (
      picture_files.read_depth_mm(self.root / folder / 'ramp_depth.png')
      for folder in ('out', 'emulated')
    )
    self.assertGreater(np.ptp(here_mm), 10_000)
    np.testing.assert_array_equal(emulated_mm, here_mm)

  def test_the_usual_network(self):
    done = _run(
      '-m', 'depth_mai.predict', self.picture, f'--output_dir={self.root}/out'
    )
    self.assertEqual(done.returncode, 0, done.stderr)

  def test_works_without_tensorflow(self):
    # Even where it is installed, nothing on the device side may import it.
    done = _run(
      '-c',
      'import sys\n'
      'from depth_mai import predict\n'
      'from depth_mai.runtime import benchmark_report, model_file\n'
      f'model_file.TfliteModel({str(self.model)!r})\n'
      'print(sorted({"tensorflow", "keras", "gin"} & set(sys.modules)))',
    )
    self.assertEqual(done.stdout.strip(), '[]', done.stderr)


if __name__ == '__main__':
  absltest.main()
