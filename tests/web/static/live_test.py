# SPDX-License-Identifier: Apache-2.0
"""Tests of live.js: `predict --view=browser`, Motion JPEG, a real browser."""

import contextlib
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.pictures import picture_files
from tests.runtime import tiny_model
from tests.streaming import moving_pictures
from tests.web import web_driver

_MISSING = web_driver.what_is_missing()
# The colour in the middle of the frozen picture.
_PIXEL = """
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [64, 48];
const context = canvas.getContext('2d');
context.drawImage(document.querySelector('#frozen .stage img'), 0, 0, 64, 48);
return [...context.getImageData(32, 24, 1, 1).data];"""
_LOADED = """
const image = document.querySelector('#frozen .stage img');
return Boolean(image && image.complete && image.naturalWidth);"""
_BOX = """
const box = document.querySelector('#frozen .stage').getBoundingClientRect();
return [box.left + 0.25 * box.width, box.top + 0.5 * box.height];"""
_SHOWN = 'return !document.getElementById(arguments[0]).hidden'
_WIDE = 'return document.documentElement.scrollWidth'


def _number(depth_mm):
  """Returns the number of a picture from its depth, 1 + red / 51 metres."""
  return round(((float(np.mean(depth_mm)) / 1000 - 1) * 51 - 10) / 20)


@absltest.skipIf(_MISSING, f'No browser: {_MISSING}.')
class LiveTest(absltest.TestCase):
  """A camera that shows ten pictures in turn; their depth follows their red."""

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(
      cls.enterClassContext(tempfile.TemporaryDirectory(prefix='live_'))
    )
    (cls.folder / 'red.tflite').write_bytes(
      tiny_model.float_model(
        (48, 64), (1 / 51, 0.0, 0.0), 1.0, metadata={'output_unit': 'm'}
      )
    )
    moving_pictures.motion_jpeg(cls.folder / 'all.mjpeg', 10)
    cls.browser = cls.enterClassContext(
      contextlib.closing(web_driver.Browser(str(cls.folder / 'profile')))
    )
    cls.browser.devtools(
      'Browser.setDownloadBehavior',
      behavior='allow',
      downloadPath=str(cls.folder / 'downloads'),
    )

  def _start(self, *options):
    """Starts the program, and opens its page."""
    camera = moving_pictures.start(
      moving_pictures.ENDLESS,
      self.folder / 'all.mjpeg',
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
    )
    program = subprocess.Popen(
      [
        *(sys.executable, '-m', 'depth_mai.predict', '--video=-'),
        *('--view=browser', '--address=127.0.0.1:0', '--near_m=1', '--far_m=5'),
        *(f'--model={self.folder}/red.tflite', *options),
      ],
      stdin=camera.stdout,
      stdout=subprocess.PIPE,
      text=True,
    )
    camera.stdout.close()
    self.addCleanup(self._stop, program, camera)
    for line in program.stdout:
      if match := re.search(r'Open (\S+) in a browser', line):
        break
    self.browser.open(match[1])
    self.browser.wait_until(lambda: self._is_shown('running'))
    self.browser.wait_until(lambda: 'frames per second' in self._text('#rate'))

  def _stop(self, program, camera):
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=30)
    camera.kill()
    camera.wait()

  def _is_shown(self, name):
    return self.browser.run(_SHOWN, name)

  def _text(self, selector):
    return self.browser.text(selector)

  def _frozen_number(self):
    self.browser.wait_for('#frozen article[data-ready]')
    self.browser.wait_until(lambda: self.browser.run(_LOADED))
    return moving_pictures.number_of(np.array([[self.browser.run(_PIXEL)]]))

  def _metres(self):
    x, y = self.browser.run(_BOX)
    self.browser.devtools(
      'Input.dispatchMouseEvent', type='mouseMoved', x=x, y=y
    )
    self.browser.wait_until(lambda: self._text('.metres'))
    return float(self._text('.metres').removesuffix(' m'))

  def _saved(self, folder, name):
    """Returns the numbers of the saved depth map and picture."""
    depth_mm = picture_files.read_depth_mm(folder / f'{name}_depth.png')
    self.assertEqual(depth_mm.shape, (48, 64))
    with Image.open(folder / f'{name}_side_by_side.png') as both:
      self.assertGreater(both.width, 128)
      rgb = np.asarray(both)[:, :64]
    return _number(depth_mm), moving_pictures.number_of(rgb)

  def test_freeze_read_and_download(self):
    self._start()
    self.browser.console_errors()
    labels = self._text('#bar').split('\n')
    self.assertEqual((labels[0], labels[-1]), ('1 m', '5 m'))
    self.browser.press(' ')
    number = self._frozen_number()
    self.assertFalse(self._is_shown('running'))
    # Picture and depth are of the same frame, and remain.
    self.assertEqual(_number(1000 * self._metres()), number)
    before = self._text('#figures')
    self.browser.wait_until(lambda: self._text('#figures') != before)
    self.assertEqual(self._frozen_number(), number)
    name = self._text('#frozen h2').removeprefix('Frame ')
    self.browser.press('s')
    self.browser.wait_until(lambda: 'Downloaded' in self._text('#message'))
    downloads = self.folder / 'downloads'
    for ending in ('depth', 'side_by_side'):
      file = downloads / f'{name}_{ending}.png'
      self.browser.wait_until(file.exists)
    self.assertEqual(self._saved(downloads, name), (number, number))
    # The page is narrow enough for a phone in both states.
    self.browser.size(390, 844, phone=True)
    self.assertEqual(self.browser.run(_WIDE), 390)
    self.browser.click('#freeze')
    self.browser.wait_until(lambda: self._is_shown('running'))
    self.assertFalse(self._is_shown('frozen'))
    self.assertEqual(self.browser.run(_WIDE), 390)
    self.browser.size(1280, 900)
    # The space bar freezes again, though the mouse was at the button.
    self.browser.press(' ')
    self.browser.wait_until(lambda: self._is_shown('frozen'))
    self.assertEqual(self._text('#freeze'), 'Continue')
    self.assertEmpty(self.browser.console_errors())

  def test_save_into_the_output_dir(self):
    folder = self.folder / 'recorded'
    self._start(f'--output_dir={folder}')
    self.browser.press('s')
    self.browser.wait_until(lambda: 'Saved' in self._text('#message'))
    message = self._text('#message')
    (name,) = re.findall(r'Saved (\d{6})_depth.png and', message)
    self.assertIn(str(folder), message)
    self.assertTrue(self._is_shown('running'))
    depth, picture = self._saved(folder, name)
    self.assertEqual(depth, picture)

  def test_a_server_that_ends_is_told(self):
    self._start()
    self.doCleanups()
    self.browser.wait_until(lambda: self._is_shown('ended'))
    self.assertFalse(self._is_shown('running'))


if __name__ == '__main__':
  absltest.main()
