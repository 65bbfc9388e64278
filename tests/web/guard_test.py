# SPDX-License-Identifier: Apache-2.0
"""Tests that requests from other sites are refused."""

import socket

from absl.testing import absltest
from absl.testing import parameterized
import flask

from depth_mai.web import guard

_HTML = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}


class HostTest(parameterized.TestCase):
  @parameterized.parameters(
    '127.0.0.1',
    '127.0.0.1:8080',
    'localhost:9000',
    'LOCALHOST',
    '[::1]:8080',
    '192.168.1.20:8080',
    f'{socket.gethostname()}:8080',
  )
  def test_this_machine(self, host):
    self.assertIsNone(guard.foreign({'Host': host}, False))

  @parameterized.parameters(
    '',
    'evil.example',
    # Names that others own, whatever they point to.
    '127.0.0.1.evil.example:8080',
    'localhost.evil.example',
    'evil.example:8080@127.0.0.1',
    '127.0.0.1:8080/..',
    '127.0.0.1:',
    '<b>',
  )
  def test_another_name(self, host):
    for changes in (False, True):
      status, text = guard.foreign({'Host': host}, changes)
      self.assertEqual(status, 421)
      self.assertIn('localhost', text)
    self.assertIsNone(guard.foreign({'Host': host}, False, any_name=True))

  def test_no_host(self):
    self.assertEqual(guard.foreign({}, False)[0], 421)


class OriginTest(parameterized.TestCase):
  @parameterized.parameters(
    {},  # curl
    {'Origin': 'http://127.0.0.1:8080'},
    {'Origin': 'http://127.0.0.1:8080', 'Sec-Fetch-Site': 'same-origin'},
    {'Sec-Fetch-Site': 'none'},
  )
  def test_own_form_or_script(self, **headers):
    self.assertIsNone(
      guard.foreign({'Host': '127.0.0.1:8080', **headers}, True)
    )

  @parameterized.parameters(
    {'Origin': 'http://evil.example'},
    {'Origin': 'null'},
    {'Origin': 'https://127.0.0.1:8080'},
    # Another server on the same machine.
    {'Origin': 'http://127.0.0.1:8081'},
    {'Origin': 'http://localhost:8080'},
    {'Sec-Fetch-Site': 'cross-site'},
    {'Sec-Fetch-Site': 'same-site', 'Origin': 'http://127.0.0.1:8080'},
  )
  def test_form_of_another_page(self, **headers):
    headers['Host'] = '127.0.0.1:8080'
    self.assertIsNone(guard.foreign(headers, False))  # A link may lead here.
    status, text = guard.foreign(headers, True)
    self.assertEqual(status, 403)
    self.assertIn('another page', text)


class CreateAppTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.lines = []
    app = guard.create_app(self.lines.append)

    @app.get('/')
    def home():
      return 'home'

    @app.post('/change')
    def change():
      return {'done': True}

    @app.get('/bug')
    def bug():
      raise KeyError('a bug')

    @app.get('/full')
    def full():
      guard.refuse(507, 'The disk is full.')

    self.client = app.test_client()

  def test_every_answer_has_the_headers(self):
    for path in ('/', '/nothing', '/static/style.css', '/bug'):
      headers = self.client.get(path).headers
      policy = headers['Content-Security-Policy']
      self.assertIn("default-src 'none'", policy)
      self.assertIn("frame-ancestors 'none'", policy)
      self.assertNotIn('unsafe', policy)
      self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
      self.assertEqual(headers['Cross-Origin-Resource-Policy'], 'same-origin')
      self.assertIn(headers['Cache-Control'], ('no-store', 'no-cache'))

  def test_foreign_requests(self):
    foreign = {'Origin': 'http://evil.example'}
    self.assertEqual(self.client.get('/', headers=foreign).status_code, 200)
    answer = self.client.post('/change', headers=foreign)
    self.assertEqual(answer.status_code, 403)
    self.assertIn('another page', answer.json['error'])
    answer = self.client.get('/', headers={'Host': 'evil.example'})
    self.assertEqual(answer.status_code, 421)
    self.assertEqual(self.client.post('/change').json, {'done': True})

  def test_any_name(self):
    app = guard.create_app(any_name=True)
    app.get('/')(lambda: 'home')
    answer = app.test_client().get('/', headers={'Host': 'board.local'})
    self.assertEqual(answer.text, 'home')

  def test_refused_by_the_server(self):
    refusal = {guard.REFUSAL: (503, 'Too much.')}
    answer = self.client.get('/', environ_base=refusal)
    self.assertEqual(answer.status_code, 503)
    self.assertEqual(answer.json, {'error': 'Too much.'})
    self.assertEqual(answer.headers['Retry-After'], '30')

  @parameterized.parameters(
    ('GET', '/nothing', 404),
    ('GET', '/static/', 404),
    ('GET', '/static/pages.py', 404),
    ('GET', '/static/../pages.py', 404),
    ('GET', '/static/%2e%2e%2fpages.py', 404),
    ('GET', '/full', 507),
    ('GET', '/change', 405),
    ('OPTIONS', '/', 405),
  )
  def test_errors(self, method, path, status):
    answer = self.client.open(path, method=method)
    self.assertEqual(answer.status_code, status)
    self.assertNotEmpty(answer.json['error'])
    answer = self.client.open(path, method=method, headers=_HTML)
    self.assertEqual(answer.status_code, status)
    self.assertEqual(answer.headers['Content-Type'], 'text/html; charset=utf-8')
    self.assertIn('<h1>', answer.text)

  def test_allowed_methods(self):
    self.assertEqual(self.client.get('/change').headers['Allow'], 'POST')

  def test_bug(self):
    for headers in ({}, _HTML):
      answer = self.client.get('/bug', headers=headers)
      self.assertEqual(answer.status_code, 500)
      self.assertNotIn('KeyError', answer.text)
      self.assertIn("KeyError: 'a bug'", self.lines.pop())

  @parameterized.parameters(
    ('style.css', 'text/css; charset=utf-8'),
    ('tables.js', 'text/javascript; charset=utf-8'),
    ('icon.svg', 'image/svg+xml; charset=utf-8'),
  )
  def test_static(self, name, kind):
    answer = self.client.get(f'/static/{name}')
    self.assertEqual(answer.headers['Content-Type'].lower(), kind)
    self.assertNotEmpty(answer.data)


class TextTest(absltest.TestCase):
  def test_refusals_are_printable(self):
    app = guard.create_app(print)
    answer = app.test_client().get(
      '/static/%1b[2J%e2%80%ae%0a', headers={'Host': 'localhost'}
    )
    self.assertEqual(answer.status_code, 404)
    text = answer.get_json()['error']
    self.assertIn(r'\x1b[2J\u202e\n', text)

  def test_refusals_are_plain_sentences(self):
    app = guard.create_app(print, name='a site')

    @app.post('/change')
    def change():
      return {'fields': len(flask.request.form)}

    app.config['MAX_FORM_MEMORY_SIZE'] = 10
    browser = app.test_client()
    headers = {'Host': 'localhost'}
    for method, path, status, heading, text in (
      ('GET', '/no', 404, 'Page not found', 'no page at this address'),
      ('GET', '/change', 405, 'Wrong kind', 'not take GET requests, only POST'),
      ('POST', '/static/a', 405, 'Wrong kind', 'requests, only GET'),
      ('POST', '/change', 413, 'too large', 'larger than this server takes'),
    ):
      sent = {
        'headers': headers,
        'data': {'a': 'x' * 99} if method == 'POST' else None,
        'content_type': 'multipart/form-data' if method == 'POST' else None,
      }
      answer = browser.open(path, method=method, **sent)
      self.assertEqual(answer.status_code, status)
      self.assertIn(text, answer.get_json()['error'])
      sent['headers'] = headers | {'Accept': 'text/html'}
      page = browser.open(path, method=method, **sent).get_data(as_text=True)
      self.assertIn('a site', page)
      self.assertIn('/static/style.css', page)
      self.assertIn(heading, page)
      self.assertIn(text, page)


if __name__ == '__main__':
  absltest.main()
