# SPDX-License-Identifier: Apache-2.0
"""Tests of a real server with uploads and with invalid HTTP."""

import contextlib
import errno
from http import client
import json
import socket
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
from waitress import receiver

from depth_mai.web import guard
from depth_mai.web import pages
from depth_mai.web import serving
from depth_mai.web import uploads as uploads_lib

_MOST_BYTES = 1 << 19
# An upload that never ends.
_BEGUN = (
  b'POST /judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab'
)


class LimitedServerTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.lengths, self.lines = [], []

  @contextlib.contextmanager
  def running(self, **limits):
    app = guard.create_app(self.lines.append)

    @app.post('/judge')
    def judge():
      flask = pages.optional_package('flask')
      self.lengths.append(len(flask.request.get_data()))
      return {'length': self.lengths[-1]}

    @app.route('/', methods=['GET', 'POST'])
    def home():
      return {'home': True}

    uploads = uploads_lib.Uploads('/judge', _MOST_BYTES, **limits)
    with serving.running(app, '127.0.0.1', 0, uploads) as address:
      yield address

  def post(self, address, body, path='/judge', **headers):
    connection = client.HTTPConnection(*address, timeout=20)
    with contextlib.closing(connection):
      connection.request('POST', path, body, headers)
      answer = connection.getresponse()
      return answer.status, json.loads(answer.read())

  def send(self, address, data):
    """Sends bytes unchanged; returns the whole answer."""
    with socket.create_connection(address, 20.0) as connection:
      connection.sendall(data)
      return self.received(connection)

  def received(self, connection):
    connection.settimeout(20.0)
    answer = b''
    while chunk := connection.recv(1 << 16):
      answer += chunk
    return answer

  def test_upload(self):
    with self.running() as address:
      self.assertEqual(self.post(address, b'abc'), (200, {'length': 3}))

  def test_too_large(self):
    # More than the system's buffers hold: the server must continue reading, or
    # the client would not see the answer.
    with self.running() as address:
      status, found = self.post(address, bytes(40 << 20))
    self.assertEqual(status, 413)
    self.assertIn('0.5 MB', found['error'])
    self.assertEmpty(self.lengths)

  def test_refused_before_it_is_sent(self):
    with self.running() as address:
      answer = self.send(
        address,
        b'POST /judge HTTP/1.1\r\nHost: localhost\r\n'
        b'Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n',
      )
      self.assertStartsWith(answer, b'HTTP/1.1 413 ')
      answer = self.send(
        address,
        b'POST /judge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
        b'Content-Length: 4\r\nExpect: 100-continue\r\n\r\ngood',
      )
      self.assertStartsWith(
        answer, b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 '
      )
    self.assertEqual(self.lengths, [4])

  def test_a_body_elsewhere_is_dropped(self):
    with self.running() as address:
      found = self.post(address, bytes(1 << 20), '/')
    self.assertEqual(found, (200, {'home': True}))

  def test_a_body_is_never_the_next_request(self):
    smuggled = b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    length = b'Content-Length: %d' % len(smuggled)
    chunked = b'Transfer-Encoding: chunked'
    with self.running() as address:
      for headers in (length, chunked, length + b'\r\n' + chunked):
        for start in (b'GET / ', b'DELETE / ', b'POST /no ', b'POST /judge '):
          answer = self.send(
            address,
            start
            + b'HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
            + headers
            + b'\r\n\r\n'
            + smuggled,
          )
          self.assertEqual(answer.count(b'HTTP/1.1 '), 1, answer)

  @parameterized.parameters(
    (b'\x16\x03\x01\x02\x00\r\n\r\n', b'400'),
    (b'GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n', b'400'),
    (b'GET / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n', b'400'),
    (b'GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n', b'501'),
    (b'GET /'.ljust(1 << 16, b'a'), b'431'),
    (b'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', b'421'),
    (b'POST /judge HTTP/1.1\r\nHost: localhost\r\n'
     b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', b'411'),
  )  # fmt: skip
  def test_invalid_http(self, data, expected):
    with self.running() as address:
      answer = self.send(address, data)
    self.assertIn(expected, answer.partition(b'\r\n')[0])
    self.assertIn(b'Server: depth_mai', answer)
    self.assertIn(b'Content-Security-Policy: ', answer)
    self.assertIn(b'"error": "', answer)

  def post_until(self, address, expected):
    """Posts until the status is as expected; returns the last answer."""
    deadline = time.monotonic() + 30
    while True:
      status, found = self.post(address, b'good')
      if status == expected or time.monotonic() > deadline:
        self.assertEqual(status, expected)
        return found
      time.sleep(0.02)

  def test_uploads_at_the_same_time(self):
    with self.running() as address, contextlib.ExitStack() as stack:
      begun = []
      for _ in range(4):
        begun.append(stack.enter_context(socket.create_connection(address)))
        begun[-1].sendall(_BEGUN)
      found = self.post_until(address, 503)
      self.assertIn('4 files are being uploaded', found['error'])
      # One that is done makes room, and so does one that went away.
      begun[0].sendall(b'cdefghi')
      self.assertStartsWith(begun[0].recv(1 << 16), b'HTTP/1.1 200 ')
      self.post_until(address, 200)
      begun[0].sendall(_BEGUN)
      begun[1].close()
      self.post_until(address, 200)

  def test_no_room(self):
    with self.running(why_not=lambda: 'Too many wait.') as address:
      found = self.post(address, b'good')
    self.assertEqual(found, (503, {'error': 'Too many wait.'}))

  def test_full_disk(self):
    full = OSError(errno.ENOSPC, 'No space left on device')
    with self.running() as address:
      with mock.patch.object(
        receiver.FixedStreamReceiver, 'received', side_effect=full
      ):
        with socket.create_connection(address) as connection:
          connection.sendall(_BEGUN)
          answer = self.received(connection)
    self.assertStartsWith(answer, b'HTTP/1.1 507 ')
    self.assertIn(b'No space left', answer)
    self.assertEmpty(self.lengths)

  def test_silence(self):
    with self.running(silence_s=0.1) as address:
      answer = self.send(address, _BEGUN)
    self.assertStartsWith(answer, b'HTTP/1.1 408 ')
    self.assertIn(b'Nothing arrived', answer)

  def test_drip(self):
    with self.running(grace_s=0.5, bytes_per_s=1000.0) as address:
      with socket.create_connection(address) as connection:
        connection.sendall(_BEGUN.replace(b'Length: 9', b'Length: 9999'))
        with contextlib.suppress(ConnectionError):
          for _ in range(20):
            connection.sendall(b'a')
            time.sleep(0.1)
        answer = self.received(connection)
    self.assertStartsWith(answer, b'HTTP/1.1 408 ')
    self.assertIn(b'at least 1 kB/s', answer)
    self.assertEmpty(self.lengths)

  def test_drips_cannot_keep_others_out(self):
    # Each is faster than the least rate, and would hold its place to the end.
    begun = _BEGUN.replace(b'Length: 9', b'Length: 99999')
    limits = {'bytes_per_s': 1.0, 'yields_s': 0.5}
    with self.running(**limits) as address, contextlib.ExitStack() as stack:
      drips = [
        stack.enter_context(socket.create_connection(address, 20.0))
        for _ in range(4)
      ]
      for number, drip in enumerate(drips):
        drip.sendall(begun + b'a' * 1000 * (number != 2))
      found = self.post_until(address, 503)
      self.assertIn('4 files are being uploaded', found['error'])
      begun_s = time.monotonic()
      while time.monotonic() < begun_s + 0.6:
        for drip in drips:
          drip.sendall(b'a')
        time.sleep(0.05)
      self.assertEqual(self.post(address, b'good'), (200, {'length': 4}))
      # The slowest has been told, and the others continue.
      answer = self.received(drips[2])
      self.assertStartsWith(answer, b'HTTP/1.1 408 ')
      self.assertIn(b'Another upload waited', answer)
      drips[0].sendall(b'a')
      self.assertEqual(self.post(address, b'good')[0], 200)

  def test_header_that_does_not_end(self):
    with self.running(header_s=0.1) as address:
      answer = self.send(address, b'GET / HTTP/1.1\r\nHost: localhost\r\n')
    self.assertIn(b' 408 ', answer.partition(b'\r\n')[0])

  def test_refused_upload_that_does_not_end(self):
    with self.running(discard_s=0.1) as address:
      answer = self.send(
        address, _BEGUN.replace(b'Length: 9', b'Length: 99999999')
      )
    self.assertStartsWith(answer, b'HTTP/1.1 413 ')


if __name__ == '__main__':
  absltest.main()
