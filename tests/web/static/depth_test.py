# SPDX-License-Identifier: Apache-2.0
"""Tests of depth.js and depth_view.js: a page of depth in a real browser."""

import contextlib
import pathlib
import tempfile

from absl.testing import absltest
import numpy as np

from depth_mai.report import depth_page
from depth_mai.report import picture as picture_lib
from depth_mai.report import scale
from tests.web import web_driver

_MISSING = web_driver.what_is_missing()
_HEIGHT, _WIDTH = 30, 40
_RIGHT_ARROW = '\ue014'
# The box of the first stage: left, top, width, height.
_BOX = """
const box = document.querySelector('.stage').getBoundingClientRect();
return [box.left, box.top, box.width, box.height];"""
_PIXEL = """
return [...document.querySelector('.stage canvas').getContext('2d')
  .getImageData(arguments[0], arguments[1], 1, 1).data];"""


@absltest.skipIf(_MISSING, f'No browser: {_MISSING}.')
class DepthTest(absltest.TestCase):
  """One page of two pictures, on a desktop and on a phone."""

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = pathlib.Path(
      cls.enterClassContext(tempfile.TemporaryDirectory(prefix='depth_page_'))
    )
    rng = np.random.default_rng(0)
    cls.depth_m = np.round(rng.uniform(1.0, 8.0, (_HEIGHT, _WIDTH)), 3)
    cls.depth_m[0, 0] = 0.0
    rgb = np.full((_HEIGHT, _WIDTH, 3), 128, np.uint8)
    page = depth_page.DepthPage(
      folder / 'page.html', 'tcl', scale.ColourRange(1.0, 8.0)
    )
    page.add('first <i>.jpg', rgb, cls.depth_m)
    page.add('second.jpg', rgb.swapaxes(0, 1), cls.depth_m.T)
    page.write()
    cls.address = (folder / 'page.html').as_uri()
    cls.browser = cls.enterClassContext(
      contextlib.closing(web_driver.Browser(str(folder / 'profile')))
    )

  def open(self, width, height, phone=False):
    self.browser.size(width, height, phone)
    self.browser.open(self.address)
    self.browser.wait_for('#picture_0[data-ready]')
    self.box = self.browser.run(_BOX)

  def place(self, column, row):
    """Returns where a pixel of the depth map is in the window."""
    left, top, width, height = self.box
    return {
      'x': left + (column + 0.5) / _WIDTH * width,
      'y': top + (row + 0.5) / _HEIGHT * height,
    }

  def mouse(self, kind, column, row, button='none'):
    self.browser.devtools(
      'Input.dispatchMouseEvent', type=kind, button=button, clickCount=1,
      **self.place(column, row),
    )  # fmt: skip

  def expect_metres(self, text):
    # Chromium hands movements over with the next frame.
    self.browser.wait_until(lambda: self.browser.text('.metres') == text)

  def split(self):
    return float(
      self.browser.run(
        "return document.querySelector('.seam').getAttribute('aria-valuenow')"
      )
    )

  def test_metres_under_the_mouse(self):
    self.open(1000, 1000)
    self.expect_metres('')
    for column, row in ((5, 7), (39, 0), (0, 29), (33, 21)):
      self.mouse('mouseMoved', column, row)
      self.expect_metres(f'{self.depth_m[row, column]:.2f} m')
      (mark,) = self.browser.run(
        "return [document.querySelector('.scale i').style.left]"
      )
      place = 100 * np.log(self.depth_m[row, column]) / np.log(8.0)
      self.assertAlmostEqual(float(mark.rstrip('%')), place, delta=0.01)
    self.mouse('mouseMoved', 0, 0)
    self.expect_metres('unknown')
    self.mouse('mouseMoved', 5, 30)  # Below the picture.
    self.expect_metres('')

  def test_the_line_is_dragged(self):
    self.open(1000, 1000)
    self.assertEqual(self.split(), 50)
    self.mouse('mousePressed', 19.5, 3, 'left')
    self.mouse('mouseMoved', 9.5, 5, 'left')
    self.mouse('mouseReleased', 9.5, 5, 'left')
    self.browser.wait_until(lambda: self.split() == 25)
    self.assertEqual(
      self.browser.run(
        "return document.querySelector('.stage canvas').style.clipPath"
      ),
      'inset(0px 0px 0px 25%)',
    )
    self.mouse('mouseMoved', 30, 5)  # No button: the line stays.
    self.assertEqual(self.split(), 25)
    self.browser.run("document.querySelector('.seam').focus()")
    self.browser.press(_RIGHT_ARROW)
    self.assertEqual(self.split(), 27)

  def test_colours_are_those_of_the_pictures(self):
    self.open(1000, 1000)
    expected = picture_lib.colourise(self.depth_m, 1.0, 8.0)
    for column, row in ((0, 0), (12, 5), (39, 29)):
      pixel = self.browser.run(_PIXEL, column, row)
      # Half a step of the 256 may be rounded either way.
      np.testing.assert_allclose(pixel[:3], expected[row, column], atol=4)

  def test_a_phone(self):
    self.open(360, 700, phone=True)
    wide = self.browser.run('return document.documentElement.scrollWidth')
    self.assertEqual(wide, 360)
    left, top, width, height = self.box
    self.assertGreater(width, 320)
    self.assertAlmostEqual(width / height, _WIDTH / _HEIGHT, places=2)
    touch = lambda kind, *points: self.browser.devtools(
      'Input.dispatchTouchEvent',
      type=kind,
      touchPoints=[self.place(*point) for point in points],
    )
    touch('touchStart', (30, 20))
    touch('touchEnd')
    # It stays when the finger is gone.
    self.expect_metres(f'{self.depth_m[20, 30]:.2f} m')
    touch('touchStart', (19.5, 10))
    touch('touchMove', (9.5, 10))
    touch('touchEnd')
    self.browser.wait_until(lambda: abs(self.split() - 25) <= 1)
    labels = self.browser.run(
      "return [...document.querySelectorAll('.scale')[0].children]"
      ".filter(x => x.tagName == 'SPAN' && !x.hidden)"
      '.map(x => { const box = x.getBoundingClientRect();'
      ' return [box.left, box.right]; })'
    )
    self.assertGreater(len(labels), 2)
    for before, after in zip(labels, labels[1:], strict=False):
      self.assertLess(before[1], after[0])
    self.assertGreaterEqual(labels[0][0], 0)
    self.assertLessEqual(labels[-1][1], 360)

  def test_it_needs_no_network(self):
    self.browser.requested(), self.browser.console_errors()  # Of other tests.
    self.open(1000, 1000)
    for number in (0, 1):
      self.browser.run(
        f"document.querySelectorAll('article')[{number}].scrollIntoView()"
      )
      self.browser.wait_for(f'#picture_{number}[data-ready]')
    self.assertEmpty(self.browser.console_errors())
    self.assertEmpty(
      [url for url in self.browser.requested() if url.startswith('http')]
    )
    self.assertIn('first <i>.jpg', self.browser.text())


if __name__ == '__main__':
  absltest.main()
