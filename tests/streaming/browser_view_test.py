# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/browser_view.py, also in a real browser."""

import contextlib
import dataclasses
import http.client
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import picture
from depth_mai.streaming import browser_view
from depth_mai.streaming import view

_CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
_CHROMIUM_FLAGS = (
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run '
  '--disable-background-networking --disable-component-update --disable-sync '
  '--window-size=1000,700 --virtual-time-budget=3000'
).split()
_RED, _GREEN = (200, 30, 40), (20, 160, 60)


def _shown(number=1):
  return view.Shown(
    np.full((240, 320, 3), _RED, np.uint8),
    np.full((240, 320, 3), _GREEN, np.uint8),
    near_m=1.0,
    far_m=5.0,
    status='',
    statistics={
      'model': 'tiny.tflite',
      'source': 'a <b>test</b>',
      'frames': number,
      'dropped': 3,
      'frames_per_second': 12.5,
      'stages_ms': {'inference': 7.25},
    },
    depth_mm=np.linspace(1000, 5000, 240 * 320).reshape(240, 320),
    name=f'{number:06d}',
  )


class BrowserViewTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.view = browser_view.BrowserView('localhost:0')
    self.port = int(self.view.url.rstrip('/').rpartition(':')[2])
    self.closed = False
    self.addCleanup(self._close)

  def _close(self):
    if not self.closed:
      self.closed = True
      self.view.close()

  def _get(self, path, **headers):
    connection = http.client.HTTPConnection('localhost', self.port, timeout=20)
    self.addCleanup(connection.close)
    connection.request('GET', path, headers=headers)
    return connection.getresponse()

  def _post(self, path, **headers):
    connection = http.client.HTTPConnection('localhost', self.port, timeout=20)
    self.addCleanup(connection.close)
    connection.request('POST', path, headers=headers)
    return connection.getresponse()

  def _first_size(self, path):
    """Returns (width, height) of the first frame of a stream."""
    response = self._get(path)
    lines = iter(response.readline, b'\r\n')
    headers = dict(line.strip().partition(b': ')[::2] for line in lines)
    jpeg = response.read(int(headers[b'Content-Length']))
    return Image.open(io.BytesIO(jpeg)).size

  def test_a_frozen_frame_keeps_picture_and_depth(self):
    self.assertEqual(self._post('/frames').status, 503)
    shown = _shown(7)
    self.view.show(shown)
    frozen = json.loads(self._post('/frames').read())
    other = np.zeros((240, 320, 3), np.uint8)
    self.view.show(dataclasses.replace(_shown(8), rgb_uint8=other))
    self.assertEqual((frozen['name'], frozen['recorded']), ('000007', False))
    self.assertEqual((frozen['near_m'], frozen['far_m']), (1.0, 5.0))
    place = f'/frames/{frozen["number"]}'
    self.assertEqual(frozen['picture'], f'{place}/picture.jpg')
    read = lambda file: Image.open(
      io.BytesIO(self._get(f'{place}/{file}').read())
    )
    depth_mm = np.asarray(read('depth.png'))
    np.testing.assert_array_equal(depth_mm, np.rint(shown.depth_mm))
    both = np.asarray(read('side_by_side.png'))
    np.testing.assert_array_equal(both[:, :320], shown.rgb_uint8)
    np.testing.assert_array_equal(both[:, 320:640], shown.depth_rgb)
    bar = picture.colour_bar(240, 1.0, 5.0)
    np.testing.assert_array_equal(both[:, 640:], bar)
    self.assertLess(
      np.abs(np.asarray(read('picture.jpg')).astype(int) - _RED).max(), 8
    )

  def test_frozen_frames_that_are_not_there(self):
    self.view.show(_shown())
    number = json.loads(self._post('/frames').read())['number']
    for path in ('/frames/99/depth.png', f'/frames/{number}/etc'):
      self.assertEqual(self._get(path).status, 404)
    # Without --output_dir the server writes nothing.
    self.assertEqual(self._post(f'/frames/{number}/save').status, 404)

  def test_depth_that_is_not_finite_is_explained(self):
    depth_mm = np.full((240, 320), np.nan)
    self.view.show(dataclasses.replace(_shown(), depth_mm=depth_mm))
    number = json.loads(self._post('/frames').read())['number']
    answer = self._get(f'/frames/{number}/depth.png')
    self.assertEqual(answer.status, 500)
    self.assertIn('NaN or infinite', json.loads(answer.read())['error'])

  def test_another_site_cannot_freeze(self):
    self.view.show(_shown())
    answer = self._post('/frames', Origin='http://evil.example')
    self.assertEqual(answer.status, 403)

  def test_a_frame_is_picture_depth_and_bar(self):
    self.view.show(_shown())
    with Image.open(io.BytesIO(self._get('/frame.jpg').read())) as frame:
      pixels = np.asarray(frame).astype(int)
    bar = picture.colour_bar(240, 1.0, 5.0)
    self.assertEqual(self._first_size('/stream?bar=no'), (640, 240))
    self.assertEqual(self._first_size('/stream'), (640 + bar.shape[1], 240))
    self.assertEqual(pixels.shape, (240, 640 + bar.shape[1], 3))
    for left, colour in ((0, _RED), (320, _GREEN)):
      inside = pixels[20:-20, left + 20 : left + 300]
      self.assertLess(np.abs(inside - colour).max(), 8)
    self.assertLess(np.abs(pixels[:, 640:] - bar).mean(), 8)

  def test_the_stream_yields_every_newer_frame_and_ends(self):
    self.view.show(_shown())
    response = self._get('/stream')
    self.assertIn('multipart/x-mixed-replace', response.headers['Content-Type'])
    for number in range(3):
      lines = iter(response.readline, b'\r\n')
      headers = dict(line.strip().partition(b': ')[::2] for line in lines)
      jpeg = response.read(int(headers[b'Content-Length']))
      self.assertEqual((jpeg[:2], jpeg[-2:]), (b'\xff\xd8', b'\xff\xd9'))
      self.assertEqual(response.readline(), b'\r\n')
      self.view.show(_shown(number))
    self._close()
    response.read()  # Returns when the server ends the answer.

  def test_statistics(self):
    self.view.show(_shown(4))
    got = json.loads(self._get('/statistics').read())
    self.assertEqual(got | _shown(4).statistics, got)
    self.assertEqual((got['near_m'], got['far_m']), (1.0, 5.0))
    for text, place in got['ticks']:
      self.assertAlmostEqual(place, np.log(float(text)) / np.log(5))

  @parameterized.parameters('/statistics', '/favicon.ico', '/../etc/passwd')
  def test_missing_pages(self, path):
    self.assertIn(self._get(path).status, (404, 503))

  @parameterized.parameters(
    ('localhost', 200), ('127.0.0.1:8000', 200), ('localhost:9', 200),
    ('evil.example', 421), ('localhost.evil.example:80', 421), ('', 421),
  )  # fmt: skip
  def test_other_sites_cannot_read_the_camera(self, host, status):
    self.view.show(_shown())
    for path in ('/', '/frame.jpg', '/statistics'):
      response = self._get(path, Host=host)
      self.assertEqual(response.status, status)
      if status == 200:
        self.assertEqual(
          response.headers['Cross-Origin-Resource-Policy'], 'same-origin'
        )

  def test_any_name_is_answered_if_others_may_connect(self):
    shared = browser_view.BrowserView('0.0.0.0:0')
    self.addCleanup(shared.close)
    self.port = int(shared.url.rstrip('/').rpartition(':')[2])
    self.assertEqual(self._get('/', Host='raspberrypi.local').status, 200)

  def test_it_listens_on_localhost_only(self):
    with socket.socket() as other:
      other.settimeout(1)
      # 127.0.0.2 is another address of this machine.
      self.assertNotEqual(other.connect_ex(('127.0.0.2', self.port)), 0)

  def test_a_browser_that_disconnects_does_not_affect_others(self):
    self.view.show(_shown())
    stays, leaves = self._get('/stream'), self._get('/stream')
    leaves.close()
    for number in range(5):
      self.view.show(_shown(number))
      time.sleep(0.02)
    self.assertNotEmpty(stays.read(1000))

  def test_a_browser_that_stops_reading_is_disconnected(self):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    shown = dataclasses.replace(_shown(), rgb_uint8=noise, depth_rgb=noise)
    with mock.patch.object(browser_view, '_TIMEOUT_S', 1):
      impatient = browser_view.BrowserView('localhost:0')
      self.addCleanup(impatient.close)
      port = int(impatient.url.rstrip('/').rpartition(':')[2])
      with socket.create_connection(('localhost', port)) as stalled:
        stalled.settimeout(5)
        stalled.sendall(b'GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n')
        for _ in range(60):
          impatient.show(shown)
          time.sleep(0.05)
        end_s = time.monotonic() + 10
        with contextlib.suppress(ConnectionResetError):
          while stalled.recv(1 << 20):  # The rest in the buffers.
            self.assertLess(time.monotonic(), end_s)
            impatient.show(shown)

  def test_close_does_not_wait_for_browsers(self):
    waiting = threading.Thread(target=lambda: self._get('/stream').read())
    waiting.start()
    began_s = time.monotonic()
    time.sleep(0.2)
    self._close()
    waiting.join(5)
    self.assertFalse(waiting.is_alive())
    self.assertLess(time.monotonic() - began_s, 3)

  def test_an_address_in_use(self):
    with self.assertRaisesRegex(ValueError, 'Choose another --address'):
      browser_view.BrowserView(f'localhost:{self.port}')

  @parameterized.parameters(
    '8000', 'localhost', 'localhost:x', ':80', 'a:99999'
  )
  def test_invalid_addresses(self, address):
    with self.assertRaisesRegex(ValueError, 'give host:port'):
      browser_view.BrowserView(address)

  def test_the_page_loads_nothing_from_elsewhere(self):
    response = self._get('/')
    html = response.read().decode()
    self.assertNotRegex(html, r'https?:|"//')
    for link in re.findall(r'(?:src|href)="([^"]*)"', html):
      self.assertRegex(link, '^[/#]')
    self.assertIn(
      "default-src 'none'", response.headers['Content-Security-Policy']
    )

  def test_the_script_finds_the_elements_that_it_fills(self):
    html = self._get('/').read().decode()
    script = self._get('/static/live.js').read().decode()
    self.assertIn('src="/static/live.js"', html)
    self.assertIn('src="/static/depth_view.js"', html)
    wanted = set(re.findall(r"byId\('(\w+)'\)", script))
    self.assertNotEmpty(wanted)
    self.assertContainsSubset(wanted, re.findall(r'id="(\w+)"', html))

  @parameterized.parameters('flask', 'waitress', 'jinja2')
  def test_a_missing_package(self, name):
    with mock.patch.dict(sys.modules, {name: None}):
      with self.assertRaisesRegex(ValueError, r"pip install '.\[cam"):
        browser_view.BrowserView('localhost:0')

  @absltest.skipUnless(_CHROMIUM, 'there is no chromium')
  def test_a_real_browser_shows_it(self):
    folder = self.create_tempdir().full_path
    going = threading.Event()

    def show():
      number = 0
      while not going.wait(0.05):
        self.view.show(_shown(number := number + 1))

    camera = threading.Thread(target=show)
    camera.start()
    try:
      subprocess.run(
        [
          _CHROMIUM,
          *_CHROMIUM_FLAGS,
          f'--user-data-dir={folder}/profile',
          f'--screenshot={folder}/page.png',
          self.view.url,
        ],
        check=True,
        capture_output=True,
        timeout=60,
      )
      text = subprocess.run(
        [
          _CHROMIUM,
          *_CHROMIUM_FLAGS,
          f'--user-data-dir={folder}/profile2',
          '--dump-dom',
          self.view.url,
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
      ).stdout
    finally:
      going.set()
      camera.join()
    with Image.open(f'{folder}/page.png') as page:
      pixels = np.asarray(page.convert('RGB')).astype(int)
    red = np.abs(pixels - _RED).max(-1) < 12
    green = np.abs(pixels - _GREEN).max(-1) < 12
    # Side by side, red on the left, each a large part of the page.
    self.assertGreater(red.mean(), 0.1)
    self.assertGreater(green.mean(), 0.1)
    self.assertLess(np.nonzero(red)[1].max(), np.nonzero(green)[1].min() + 3)
    for words in ('12.5', '7.3 ms', 'a &lt;b&gt;test&lt;/b&gt;'):
      self.assertIn(words, text)


if __name__ == '__main__':
  absltest.main()
