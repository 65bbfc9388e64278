# SPDX-License-Identifier: Apache-2.0
"""Tests of the app on a real server, over real connections."""

import contextlib
import hashlib
from http import client
import json
import pathlib
import shutil
import socket
import subprocess
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from tests.judging.web import real_server
from tests.judging.web import small_verdicts

_HTML = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}
_MOST_BYTES = 1 << 19


def _part(name, content, file_name=None):
  file_name = '' if file_name is None else f'; filename="{file_name}"'
  header = f'Content-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'
  return b'--x\r\n' + header.encode() + content + b'\r\n'


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
      Origin=self.address.url.rstrip('/'),
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
    ids, cancel = [], []
    for content in (b'slow', b'good'):
      answer = self.ask_json('POST', '/judge', content)[1]
      ids.append(answer['id'])
      cancel.append(answer['cancel'])
      self.assertTrue(self.judge.started.wait(20.0))
    _, waits = self.ask_json('GET', f'/verdicts/{ids[1]}.json')
    self.assertEqual((waits['state'], waits['place']), ('waiting', 1))
    status, job = self.ask_json('POST', cancel[1], b'')
    self.assertEqual((status, job['state']), (200, 'cancelled'))
    status, headers, _ = self.ask('POST', cancel[0], b'', **_HTML)
    self.assertEqual(
      (status, headers['Location']), (303, f'/verdicts/{ids[0]}')
    )
    self.assertEqual(self.ended(ids[0])['state'], 'cancelled')
    page = self.ask('GET', f'/verdicts/{ids[0]}', **_HTML)[2]
    self.assertIn(b'Judging was cancelled', page)
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
        ('/static/style.css', 'text/css; charset=utf-8'),
        ('/static/judge.js', 'text/javascript; charset=utf-8'),
        ('/leaderboard.json', 'application/json'),
      ):
        connection.request('GET', path)
        answer = connection.getresponse()
        self.assertEqual(
          (answer.status, answer.headers['Content-Type']), (200, kind)
        )
        self.assertNotEmpty(answer.read())
        self.assertIsNone(answer.headers['Connection'])

  def test_leaderboard(self):
    for number, score in enumerate((100.0, None, 300.0), start=1):
      record = small_verdicts.record(f'{number}', number, score=score)
      self.clerk.archive.store(record, None)
    _, found = self.ask_json('GET', '/leaderboard.json')
    self.assertEqual([file['name'] for file in found['files']], ['3', '1', '2'])
    first = found['files'][0]
    self.assertEqual((first['score'], first['rel']), (300.0, 0.375))
    self.assertEqual(first['json'], f'/verdicts/{3:016x}.json')
    self.assertEqual(found['data'], small_verdicts.DATA)
    self.assertEqual(found['waiting'], [])

  def test_before_and_after_the_verdict(self):
    _, job = self.ask_json('POST', '/judge', b'slow')
    self.assertTrue(self.judge.started.wait(20.0))
    _, before = self.ask_json('GET', job['json'])
    self.assertEqual(
      (before['state'], before['stage']), ('running', 'fidelity')
    )
    self.assertNotIn('verdict', before)
    self.assertIn(b'In progress', self.ask('GET', job['page'])[2])
    _, board = self.ask_json('GET', '/leaderboard.json')
    self.assertEqual(board['waiting'], [before])
    self.judge.go_on.set()
    after = self.ended(job['id'])
    self.assertEqual(after['state'], 'accepted')
    self.assertEqual(after['verdict']['si_rmse'], 0.25)
    self.assertEqual(
      after['pictures'], [f'/verdicts/{job["id"]}/{i}.png' for i in range(2)]
    )
    self.assertIn(b'Accepted', self.ask('GET', job['page'])[2])


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
    ('GET', '/verdicts/0000000000000000/%C2%B2.png', 404),
    ('BREW', '/', 405),
  )
  def test_unknown_addresses_and_methods(self, method, path, expected):
    status, found = self.ask_json(method, path)
    self.assertEqual(status, expected)
    self.assertNotEmpty(found['error'])
    status, headers, page = self.ask(method, path, **_HTML)
    self.assertEqual(status, expected)
    self.assertEqual(headers['Content-Type'], 'text/html; charset=utf-8')
    self.assertIn(b'<h1>', page)

  def test_allowed_methods(self):
    self.assertEqual(self.ask('GET', '/judge')[1]['Allow'], 'POST')
    self.assertCountEqual(
      self.ask('POST', '/', b'')[1]['Allow'].split(', '), ['GET', 'HEAD']
    )

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
    (b'--x\r\n', 'no file'),
    (b'--x\r\nContent-Disposition: form-data; name="model"', 'no file'),
    (b'nothing like a form', 'no file'),
    (_part('unit', b'mm'), 'no file'),
    (_part('model', b'', ''), 'no file'),
    (_part('other', b'1', 'a'), "has 'other'"),
    (_part('model', b'1', 'a') + _part('model', b'2', 'b'), 'has one file'),
    (_part('unit', b'm' * 201) + _part('model', b'1', 'a'), 'must be one of'),
    # Fields without a name.
    (_part('', b'1').replace(b' name=""', b''), 'no file'),
    (
      _part('', b'1').replace(b' name=""', b'') + _part('model', b'1', 'a'),
      "no option 'None'",
    ),
    (_part('', b'1', 'a').replace(b' name="";', b''), "has 'None'"),
    # Its end is missing.
    (_part('model', b'1', 'a')[:-4], 'no file'),
  )
  def test_bad_form(self, body, message):
    kind = 'multipart/form-data; boundary=x' if body else 'text/plain'
    if body.startswith(b'--x\r\nContent') and body.endswith(b'\r\n'):
      body += b'--x--\r\n'
    status, found = self.ask_json('POST', '/judge', body, Content_Type=kind)
    self.assertEqual(status, 400)
    self.assertIn(message, found['error'])
    self.assertEmpty(self.incoming())

  @parameterized.parameters(
    # Many parts, and a long text.
    _part('unit', b'm') * 17,
    _part('unit', b'm' * 510_000),
  )
  def test_form_beyond_the_limits(self, body):
    kind = 'multipart/form-data; boundary=x'
    body += b'--x--\r\n'
    status, _ = self.ask_json('POST', '/judge', body, Content_Type=kind)
    self.assertEqual(status, 413)
    self.assertEmpty(self.incoming())

  def test_file_that_cannot_be_stored(self):
    (self.folder / 'incoming').rmdir()
    status, found = self.ask_json('POST', '/judge', b'good')
    self.assertEqual(status, 507)
    self.assertIn('No such file', found['error'])
    self.assertIn('could not be stored', self.lines[0])

  @parameterized.parameters(
    ('unit=feet', 'must be one of'),
    ('data_dir=/etc', 'no option'),
    ('&'.join(f'a{i}=1' for i in range(20)), 'no option'),
  )
  def test_bad_options(self, query, message):
    status, found = self.ask_json('POST', f'/judge?{query}', b'good')
    self.assertEqual(status, 400)
    self.assertIn(message, found['error'])
    self.assertEmpty(self.incoming())

  def test_too_large(self):
    form = _part('model', bytes(_MOST_BYTES + 1), 'a') + b'--x--\r\n'
    for body, kind in (
      (bytes(_MOST_BYTES + (1 << 16) + 1), ''),
      # No more than a form may have, but the file is too large.
      (bytes(_MOST_BYTES + 1), ''),
      (form, 'multipart/form-data; boundary=x'),
    ):
      status, found = self.ask_json('POST', '/judge', body, Content_Type=kind)
      self.assertEqual(status, 413)
      self.assertIn('larger than the 0.5 MB', found['error'])
    self.assertEmpty(self.incoming())

  def test_as_large_as_it_may_be(self):
    content = b'good'.ljust(_MOST_BYTES - 3000, b' ') + bytes(range(250)) * 12
    form = _part('unit', b'm') + _part('model', content, 'a') + b'--x--\r\n'
    for body, kind in (
      (content, ''),
      (form, 'multipart/form-data; boundary=x'),
    ):
      status, job = self.ask_json('POST', '/judge', body, Content_Type=kind)
      self.assertEqual(status, 202)
      found = self.ended(job['id'])
      self.assertEqual(found['size'], _MOST_BYTES)
      self.assertEqual(
        found['verdict']['file']['sha256'], hashlib.sha256(content).hexdigest()
      )

  def test_no_length(self):
    answer = self.send(
      b'POST /judge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    )
    self.assertStartsWith(answer, b'HTTP/1.1 411 ')

  def test_full_queue_is_reported_before_the_upload(self):
    for content in (b'slow', b'good', b'good'):
      self.ask_json('POST', '/judge', content)
      self.assertTrue(self.judge.started.wait(20.0))
    answer = self.send(
      b'POST /judge HTTP/1.1\r\nHost: localhost\r\n'
      b'Content-Length: 99999\r\nExpect: 100-continue\r\n\r\n'
    )
    self.assertStartsWith(answer, b'HTTP/1.1 503 ')
    self.assertIn(b'2 files wait', answer)

  def test_client_that_disconnects(self):
    with socket.create_connection(self.address) as connection:
      connection.sendall(
        b'POST /judge HTTP/1.1\r\nHost: localhost\r\n'
        b'Content-Length: 9\r\n\r\nab'
      )
    self.assertEqual(self.ask('GET', '/')[0], 200)
    self.assertEmpty(self.incoming())
    self.assertEmpty(self.judge.requests)

  def test_bug_in_the_server(self):
    broken = mock.patch.object(
      self.clerk.archive, 'records', side_effect=KeyError('score')
    )
    with broken:
      status, headers, page = self.ask('GET', '/', **_HTML)
    self.assertEqual(status, 500)
    self.assertNotIn(b'KeyError', page)
    (line,) = self.lines
    self.assertIn("KeyError: 'score'", line)
    self.assertEqual(self.ask('GET', '/')[0], 200)


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

  def test_example_command_of_the_page(self):
    job = self.curl(
      '--data-binary', f'@{self.path}', f'{self.address.url}judge?name=m.tflite'
    )
    self.assertEqual(self.ended(job['id'])['state'], 'accepted')
    self.assertEqual(job['name'], 'm.tflite')

  def test_form(self):
    job = self.curl(
      *('-F', 'unit=mm', '-F', f'model=@{self.path}'),
      f'{self.address.url}judge',
    )
    found = self.ended(job['id'])
    self.assertEqual(found['name'], 'my model.tflite')
    self.assertEqual(found['options']['unit'], 'mm')

  def test_too_large(self):
    pathlib.Path(self.path).write_bytes(bytes(8 << 20))
    answer = self.curl(
      '--data-binary', f'@{self.path}', f'{self.address.url}judge'
    )
    self.assertIn('0.5 MB', answer['error'])


if __name__ == '__main__':
  absltest.main()
