# SPDX-License-Identifier: Apache-2.0
"""Tests of a real server, over real connections."""

import contextlib
from http import client
import json
import pathlib
import shutil
import socket
import subprocess
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import handler
from tests.judging.web import real_server

_HTML = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}
_MOST_BYTES = 1 << 19
# An upload whose end never comes.
_BEGUN = (
  b'POST /judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab'
)


class AnswerTest(real_server.RealServerTest):
  def test_script(self):
    status, job = self.ask_json('POST', '/judge?name=a.tflite&unit=m', b'good')
    self.assertEqual(status, 202)
    self.assertEqual(job['name'], 'a.tflite')
    found = self.ended(job['id'])
    self.assertEqual(found['verdict']['verdict'], 'accepted')
    self.assertEqual(found['options']['unit'], 'm')
    status, headers, picture = self.ask('GET', found['pictures'][1])
    self.assertEqual((status, headers['Content-Type']), (200, 'image/png'))
    self.assertStartsWith(picture, b'\x89PNG')
    _, board = self.ask_json('GET', '/leaderboard.json')
    self.assertEqual([file['id'] for file in board['files']], [job['id']])

  def test_browser_without_scripts(self):
    body = (
      b'--x\r\nContent-Disposition: form-data; name="unit"\r\n\r\nauto\r\n'
      b'--x\r\nContent-Disposition: form-data; name="model"; filename="<b>.x"'
      b'\r\n\r\ngood\r\n--x--\r\n'
    )
    status, headers, _ = self.ask(
      'POST',
      '/judge',
      body,
      Content_Type='multipart/form-data; boundary=x',
      Origin=self.server.url.rstrip('/'),
      **_HTML,
    )
    self.assertEqual(status, 303)
    self.ended(headers['Location'].rpartition('/')[2])
    status, headers, page = self.ask('GET', headers['Location'], **_HTML)
    self.assertEqual(status, 200)
    self.assertEqual(headers['Content-Type'], 'text/html; charset=utf-8')
    self.assertIn(b'&lt;b&gt;.x', page)
    self.assertNotIn(b'<b>.x', page)

  def test_cancel(self):
    ids = []
    for content in (b'slow', b'good'):
      ids.append(self.ask_json('POST', '/judge', content)[1]['id'])
      self.assertTrue(self.judge.started.wait(20.0))
    _, waits = self.ask_json('GET', f'/verdicts/{ids[1]}.json')
    self.assertEqual((waits['state'], waits['place']), ('waiting', 1))
    status, job = self.ask_json('POST', f'/verdicts/{ids[1]}/cancel', b'')
    self.assertEqual((status, job['state']), (200, 'cancelled'))
    status, headers, _ = self.ask(
      'POST', f'/verdicts/{ids[0]}/cancel', b'', **_HTML
    )
    self.assertEqual(
      (status, headers['Location']), (303, f'/verdicts/{ids[0]}')
    )
    self.assertEqual(self.ended(ids[0])['state'], 'cancelled')
    page = self.ask('GET', f'/verdicts/{ids[0]}', **_HTML)[2]
    self.assertIn(b'It was cancelled', page)
    self.assertEmpty(self.incoming())

  def test_full(self):
    for content in (b'slow', b'good', b'good'):
      self.ask_json('POST', '/judge', content)
      self.assertTrue(self.judge.started.wait(20.0))
    status, headers, content = self.ask('POST', '/judge', b'good')
    self.assertEqual((status, headers['Retry-After']), (503, '30'))
    self.assertIn('2 files wait', json.loads(content)['error'])
    self.assertLen(self.incoming(), 3)

  def test_head(self):
    status, headers, body = self.ask('HEAD', '/')
    self.assertEqual((status, body), (200, b''))
    self.assertGreater(int(headers['Content-Length']), 1000)

  def test_one_connection_for_many_requests(self):
    connection = client.HTTPConnection(*self.address, timeout=20)
    with contextlib.closing(connection):
      for path, kind in (
        ('/', 'text/html; charset=utf-8'),
        ('/style.css', 'text/css; charset=utf-8'),
        ('/script.js', 'text/javascript; charset=utf-8'),
        ('/icon.svg', 'image/svg+xml; charset=utf-8'),
      ):
        connection.request('GET', path)
        answer = connection.getresponse()
        self.assertEqual(
          (answer.status, answer.headers['Content-Type']), (200, kind)
        )
        self.assertNotEmpty(answer.read())
        self.assertIsNone(answer.headers['Connection'])

  def test_every_answer_is_shut_in(self):
    for path in ('/', '/leaderboard.json', '/style.css', '/nothing'):
      headers = self.ask('GET', path)[1]
      policy = headers['Content-Security-Policy']
      self.assertIn("default-src 'none'", policy)
      self.assertIn("frame-ancestors 'none'", policy)
      self.assertNotIn('unsafe', policy)
      self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
      self.assertEqual(headers['Cross-Origin-Resource-Policy'], 'same-origin')
      self.assertEqual(headers['Cache-Control'], 'no-store')
      self.assertEqual(headers['Server'], 'depth_mai')


class RefusalTest(real_server.RealServerTest):
  @parameterized.parameters(
    ('GET', '/nothing', 404),
    ('GET', '/verdicts/0000000000000000', 404),
    ('GET', '/verdicts/0000000000000000.json', 404),
    ('GET', '/verdicts/0000000000000000/0.png', 404),
    ('POST', '/verdicts/0000000000000000/cancel', 404),
    ('GET', '/verdicts/../../../../etc/passwd', 404),
    ('GET', '/verdicts/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 404),
    ('GET', '/verdicts/0000000000000000/..%2fverdict.json', 404),
    ('GET', '/verdicts/0000000000000000/-1.png', 404),
    ('GET', '//evil.example/', 404),
    ('GET', '/judge', 405),
    ('PUT', '/judge', 405),
    ('POST', '/', 405),
    ('DELETE', '/verdicts/0000000000000000', 405),
    ('OPTIONS', '/judge', 405),
    ('BREW', '/', 501),
  )
  def test_what_is_not_there(self, method, path, expected):
    status, found = self.ask_json(method, path)
    self.assertEqual(status, expected)
    self.assertNotEmpty(found['error'])
    status, headers, page = self.ask(method, path, **_HTML)
    self.assertEqual(status, expected)
    if method != 'BREW':
      self.assertEqual(headers['Content-Type'], 'text/html; charset=utf-8')
      self.assertIn(b'<h1>', page)

  def test_allowed_methods(self):
    self.assertEqual(self.ask('GET', '/judge')[1]['Allow'], 'POST')
    self.assertEqual(self.ask('POST', '/', b'')[1]['Allow'], 'GET, HEAD')

  @parameterized.parameters(
    ({'Host': 'evil.example'}, 'GET', 421),
    ({'Host': 'evil.example'}, 'POST', 421),
    ({'Origin': 'http://evil.example'}, 'POST', 403),
    ({'Origin': 'null'}, 'POST', 403),
    ({'Sec-Fetch-Site': 'cross-site'}, 'POST', 403),
  )
  def test_other_pages(self, headers, method, expected):
    path = '/judge' if method == 'POST' else '/'
    status, found = self.ask_json(method, path, b'good', **headers)
    self.assertEqual(status, expected)
    self.assertNotEmpty(found['error'])
    self.assertEmpty(self.judge.requests)

  @parameterized.parameters(
    (b'', 'no file'),
    (b'--x\r\n', 'cannot be read'),
    (b'--x\r\nContent-Disposition: form-data; name="model"', 'cannot be read'),
    (b'nothing like a form', 'cannot be read'),
  )
  def test_bad_form(self, body, message):
    kind = 'multipart/form-data; boundary=x' if body else 'text/plain'
    status, found = self.ask_json('POST', '/judge', body, Content_Type=kind)
    self.assertEqual(status, 400)
    self.assertIn(message, found['error'])
    self.assertEmpty(self.incoming())

  @parameterized.parameters(
    ('unit=feet', 'must be one of'),
    ('data_dir=/etc', 'no option'),
    ('&'.join(f'a{i}=1' for i in range(20)), 'address cannot be read'),
  )
  def test_bad_options(self, query, message):
    status, found = self.ask_json('POST', f'/judge?{query}', b'good')
    self.assertEqual(status, 400)
    self.assertIn(message, found['error'])
    self.assertEmpty(self.incoming())

  def test_too_large(self):
    # Far more than the system's buffers hold: the server must read on for the
    # client to see the answer.
    status, found = self.ask_json('POST', '/judge', bytes(40 << 20))
    self.assertEqual(status, 413)
    self.assertIn('0.5 MB', found['error'])
    # Within what a form may add.
    self.assertEqual(
      self.ask_json('POST', '/judge', bytes(_MOST_BYTES + 1))[0], 413
    )
    self.assertEmpty(self.incoming())

  def test_refused_before_it_is_sent(self):
    answer = self.send(
      b'POST /judge HTTP/1.1\r\nHost: localhost\r\n'
      b'Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n'
    )
    self.assertStartsWith(answer, b'HTTP/1.1 413 ')
    answer = self.send(
      b'POST /judge?name=a HTTP/1.1\r\nHost: localhost\r\n'
      b'Content-Length: 4\r\nExpect: 100-continue\r\n\r\ngood'
    )
    self.assertStartsWith(answer, b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ')

  def test_client_that_goes_away(self):
    answer = self.send(
      b'POST /judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n'
      b'half of it'
    )
    self.assertStartsWith(answer, b'HTTP/1.1 400 ')
    self.assertIn(b'cut off, 990 bytes', answer)
    with socket.create_connection(self.address) as connection:
      connection.sendall(_BEGUN)
    end_s = time.monotonic() + 20.0
    while self.incoming():
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.01)
    self.assertEqual(self.ask('GET', '/')[0], 200)
    self.assertEmpty(self.judge.requests)

  @parameterized.parameters(
    (b'\x16\x03\x01\x02\x00\r\n\r\n', b'400'),
    (b'GET / HTTP/9.9\r\n\r\n', b'505'),
    (b'GET /' + b'a' * 70000 + b' HTTP/1.1\r\n\r\n', b'414'),
    (b'GET / HTTP/1.1\r\n' + b'a: b\r\n' * 200 + b'\r\n', b'431'),
    (b'GET / HTTP/1.1\r\n\r\n', b'421'),
  )
  def test_no_http(self, data, expected):
    answer = self.send(data)
    self.assertIn(b'depth_mai', answer)
    self.assertIn(expected, answer.partition(b'\r\n')[0])
    self.assertIn(b'"error"', answer)

  def test_a_body_is_never_the_next_request(self):
    smuggled = b'GET /leaderboard.json HTTP/1.1\r\nHost: localhost\r\n\r\n'
    length = str(len(smuggled)).encode()
    for header in (b'Content-Length: ' + length, b'Transfer-Encoding: chunked'):
      for start in (
        b'GET / ',
        b'DELETE / ',
        b'POST /nothing ',
        b'POST /judge ',
      ):
        answer = self.send(
          start
          + b'HTTP/1.1\r\nHost: localhost\r\n'
          + header
          + b'\r\n\r\n'
          + smuggled
        )
        self.assertEqual(answer.count(b'HTTP/1.1 '), 1, answer)

  def test_uploads_at_the_same_time(self):
    with contextlib.ExitStack() as stack:
      for _ in range(handler.MOST_UPLOADS):
        connection = stack.enter_context(socket.create_connection(self.address))
        connection.sendall(_BEGUN)
      end_s = time.monotonic() + 20.0
      while len(self.incoming()) < handler.MOST_UPLOADS:
        self.assertLess(time.monotonic(), end_s)
        time.sleep(0.01)
      status, found = self.ask_json('POST', '/judge', b'good')
      self.assertEqual(status, 503)
      self.assertIn('4 files are being uploaded', found['error'])

  def test_mistake_of_the_server(self):
    broken = mock.patch.object(
      self.server.clerk.archive, 'records', side_effect=KeyError('score')
    )
    with broken:
      status, headers, page = self.ask('GET', '/', **_HTML)
    self.assertEqual((status, headers['Connection']), (500, 'close'))
    self.assertNotIn(b'KeyError', page)
    (line,) = self.said
    self.assertIn("KeyError: 'score'", line)
    self.assertEqual(self.ask('GET', '/')[0], 200)

  def test_silence(self):
    with mock.patch.object(handler.Handler, 'timeout', 0.1):
      with socket.create_connection(self.address, 20.0) as connection:
        connection.sendall(_BEGUN)
        self.assertStartsWith(connection.recv(1 << 16), b'HTTP/1.1 408 ')
    self.assertEmpty(self.incoming())


class CurlTest(real_server.RealServerTest):
  def setUp(self):
    super().setUp()
    if not shutil.which('curl'):
      self.skipTest('there is no curl')
    self.path = self.create_tempfile('my model.tflite', b'good').full_path

  def curl(self, *arguments):
    run = subprocess.run(
      ['curl', '--silent', '--show-error', '--noproxy', '*', *arguments],
      capture_output=True,
      check=True,
      timeout=60,
    )
    return json.loads(run.stdout)

  def test_as_the_page_says(self):
    job = self.curl(
      '--data-binary', f'@{self.path}', f'{self.server.url}judge?name=m.tflite'
    )
    self.assertEqual(self.ended(job['id'])['state'], 'accepted')
    self.assertEqual(job['name'], 'm.tflite')

  def test_form(self):
    job = self.curl(
      *('-F', 'unit=mm', '-F', f'model=@{self.path}'), f'{self.server.url}judge'
    )
    found = self.ended(job['id'])
    self.assertEqual(found['name'], 'my model.tflite')
    self.assertEqual(found['options']['unit'], 'mm')

  def test_too_large(self):
    pathlib.Path(self.path).write_bytes(bytes(8 << 20))
    answer = self.curl(
      '--data-binary', f'@{self.path}', f'{self.server.url}judge'
    )
    self.assertIn('0.5 MB', answer['error'])


if __name__ == '__main__':
  absltest.main()
