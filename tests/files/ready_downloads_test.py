# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/ready_downloads.py, with a server of their own."""

import functools
import hashlib
import http.server
import os
import pathlib
import threading
from unittest import mock

from absl.testing import absltest

from depth_mai.files import ready_downloads

_FILE = 'tcl/tcl_fp16.tflite'
_CONTENT = b'TFL3' + bytes(range(256))
_SHA256 = hashlib.sha256(_CONTENT).hexdigest()


class _Handler(http.server.SimpleHTTPRequestHandler):
  def log_message(self, *_):
    pass


class FetchedTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    root = pathlib.Path(self.create_tempdir().full_path)
    self.served = root / 'served' / _FILE
    self.served.parent.mkdir(parents=True)
    self.served.write_bytes(_CONTENT)
    self.target = root / 'home/.cache/depth_mai/pretrained' / _FILE
    server = http.server.ThreadingHTTPServer(
      ('127.0.0.1', 0),
      functools.partial(_Handler, directory=str(root / 'served')),
    )
    self.addCleanup(server.server_close)
    self.addCleanup(server.shutdown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    self.url = f'http://127.0.0.1:{server.server_port}/'
    self.enter_context(
      mock.patch.dict(os.environ, {'HOME': str(root / 'home')})
    )

  def fetched(self, url, file=_FILE):
    variable = {ready_downloads.URL_VARIABLE: url, 'no_proxy': '*'}
    with mock.patch.dict(os.environ, variable):
      return ready_downloads.fetched(file, _SHA256)

  def test_downloads_once(self):
    path = self.fetched(self.url)
    self.assertEqual(path, self.target)
    self.assertEqual(path.read_bytes(), _CONTENT)
    self.served.unlink()
    self.assertEqual(self.fetched(self.url), path)
    self.assertEqual(self.fetched(''), path)

  def test_the_constant_is_used_without_the_variable(self):
    with mock.patch.object(ready_downloads, 'BASE_URL', self.url):
      self.assertEqual(self.fetched('').read_bytes(), _CONTENT)

  def test_a_damaged_copy_is_fetched_again(self):
    self.target.parent.mkdir(parents=True)
    self.target.write_bytes(b'damaged')
    self.assertEqual(self.fetched(self.url).read_bytes(), _CONTENT)

  def test_another_file_is_refused(self):
    self.served.write_bytes(_CONTENT[:-1])
    with self.assertRaisesRegex(ValueError, f'SHA-256 is .*, not {_SHA256}'):
      self.fetched(self.url)
    self.assertFalse(self.target.exists())

  def test_no_address(self):
    with self.assertRaisesRegex(
      ValueError, r'Copy pretrained/tcl/tcl_fp16.* or .*\$DEPTH_MAI_READY_URL'
    ):
      self.fetched('')

  def test_failing_downloads_say_what_to_do(self):
    closed = 'http://127.0.0.1:9/'
    for url in (closed, f'{self.url}none', 'server/pretrained', 'file:///none'):
      with self.assertRaisesRegex(
        ValueError, f'{url}.*cannot be downloaded .*Copy pretrained/tcl'
      ):
        self.fetched(url)
    self.assertFalse(self.target.exists())


if __name__ == '__main__':
  absltest.main()
