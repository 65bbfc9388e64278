# SPDX-License-Identifier: Apache-2.0
"""Tests of starting and stopping a server."""

import socket
import threading
import time
from unittest import mock
from urllib import request as url_request

from absl.testing import absltest

from depth_mai.web import serving


def _app(environ, start_response):
  start_response('200 OK', [('Content-Length', '2')])
  return [b'ok']


def _get(url):
  opener = url_request.build_opener(url_request.ProxyHandler({}))
  with opener.open(url, timeout=20) as answer:
    return answer.read()


class RunningTest(absltest.TestCase):
  def test_answers_until_it_is_stopped(self):
    with serving.running(_app, '127.0.0.1', 0) as address:
      self.assertEqual(address.url, f'http://127.0.0.1:{address.port}/')
      self.assertEqual(_get(address.url), b'ok')
    with self.assertRaises(ConnectionRefusedError):
      socket.create_connection(address)
    self.assertNotIn('web', [thread.name for thread in threading.enumerate()])

  def test_open_connections_do_not_delay_the_end(self):
    with serving.running(_app, '127.0.0.1', 0) as address:
      idle = socket.create_connection(address)
      busy = socket.create_connection(address)
      busy.sendall(b'POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\nab')
      time.sleep(0.1)
      begun_s = time.monotonic()
    self.assertLess(time.monotonic() - begun_s, 4.0)
    for connection in (idle, busy):
      with connection:
        connection.settimeout(20.0)
        self.assertEqual(connection.recv(100), b'')

  def test_an_answer_in_progress_is_finished(self):
    begun, go_on = threading.Event(), threading.Event()

    def slow(environ, start_response):
      begun.set()
      go_on.wait(20.0)
      return _app(environ, start_response)

    answers = []
    with serving.running(slow, '127.0.0.1', 0) as address:
      asking = threading.Thread(
        target=lambda: answers.append(_get(address.url))
      )
      asking.start()
      self.assertTrue(begun.wait(20.0))
      threading.Timer(0.2, go_on.set).start()
    asking.join(20.0)
    self.assertEqual(answers, [b'ok'])

  def test_ipv6(self):
    try:
      with socket.socket(socket.AF_INET6) as probe:
        probe.bind(('::1', 0))
    except OSError as error:
      self.skipTest(f'there is no IPv6 here ({error})')
    with serving.running(_app, '::1', 0) as address:
      self.assertEqual(address.url, f'http://[::1]:{address.port}/')
      self.assertEqual(_get(address.url), b'ok')

  def test_address_that_is_taken(self):
    with serving.running(_app, '127.0.0.1', 0) as address:
      for flag in ('--port', '--address'):
        with self.assertRaisesRegex(
          ValueError, f'port {address.port} .*another {flag}'
        ):
          with serving.running(_app, *address, flag=flag):
            pass
    with serving.running(_app, *address):  # Free again.
      pass

  def test_no_such_address(self):
    for host, port in (('no.such.host.invalid', 0), ('127.0.0.1', 1 << 16)):
      with self.assertRaisesRegex(ValueError, '--port'):
        with serving.running(_app, host, port):
          pass

  def test_without_waitress(self):
    with mock.patch.dict('sys.modules', {'waitress': None}):
      with self.assertRaisesRegex(ValueError, r"'.\[judge\]'"):
        with serving.running(_app, '127.0.0.1', 0):
          pass


if __name__ == '__main__':
  absltest.main()
