# SPDX-License-Identifier: Apache-2.0
"""Answers requests. No part of an address ever becomes a path on the disk.

    GET  /                      the form and the leaderboard
    GET  /leaderboard.json      all files that were judged
    POST /judge                 a form, or a file as the body
    GET  /verdicts/ID           progress, then the verdict; as JSON: ID.json
    GET  /verdicts/ID/N.png     a depth picture
    POST /verdicts/ID/cancel

A browser, which accepts text/html, is shown pages. Others get JSON where they
post, and where they are refused: {"error": ...}.
"""

import http
from http import server
import json
import re
import socket
from urllib import parse

from depth_mai.judging.web import answers
from depth_mai.judging.web import frame
from depth_mai.judging.web import home_page
from depth_mai.judging.web import job_page
from depth_mai.judging.web import refusal
from depth_mai.judging.web import script
from depth_mai.judging.web import style
from depth_mai.judging.web import trust
from depth_mai.judging.web import upload

# Uploads at the same time.
MOST_UPLOADS = 4
# Seconds: for an upload, without a byte, and for what is not wanted any more.
_UPLOAD_S, _SILENCE_S, _LINGER_S = 600.0, 30.0, 10.0
_ASSETS = {
  frame.STYLE_PATH: ('text/css', style.STYLE),
  frame.SCRIPT_PATH: ('text/javascript', script.SCRIPT),
  frame.ICON_PATH: ('image/svg+xml', style.ICON),
}
_POLICY = (
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
  "base-uri 'none'"
)
_HEADERS = {
  'Content-Security-Policy': _POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  # With no-referrer a browser would not say that a form was our own.
  'Referrer-Policy': 'same-origin',
  'Vary': 'Accept',
  'X-Content-Type-Options': 'nosniff',
}
_UPLOAD_PATH = '/judge'
_VERDICT = '/verdicts/([0-9a-f]{16})'
_ROUTES = tuple(
  (method, re.compile(path), name)
  for method, path, name in (
    ('GET', '/', '_home'),
    ('GET', r'/leaderboard\.json', '_leaderboard'),
    ('POST', _UPLOAD_PATH, '_judge'),
    ('GET', _VERDICT, '_verdict'),
    ('GET', rf'{_VERDICT}\.json', '_verdict_json'),
    ('GET', rf'{_VERDICT}/([0-9]{{1,3}})\.png', '_picture'),
    ('POST', f'{_VERDICT}/cancel', '_cancel'),
    ('GET', f'({"|".join(map(re.escape, _ASSETS))})', '_asset'),
  )
)


class Handler(server.BaseHTTPRequestHandler):
  """Answers one client; `server` has the clerk."""

  protocol_version = 'HTTP/1.1'
  timeout = _SILENCE_S

  def version_string(self) -> str:
    """Returns what the answers say of the server."""
    return 'depth_mai'

  def log_message(self, *_) -> None:
    """Says nothing: a page that waits asks twice a second."""

  def send_error(self, code, message=None, explain=None) -> None:
    """Answers what is no HTTP, in the same way as everything else."""
    self.request_version = self.protocol_version  # Else there is no header.
    code = http.HTTPStatus(code)
    self._refuse(refusal.RefusedError(code, message or code.description))

  def handle_expect_100(self) -> bool:
    """Refuses a file before it is sent, if its client waits for that."""
    try:
      trust.check(self.headers, changes_something=True)
      self._check_upload()
    except refusal.RefusedError as error:
      self._refuse(error)
      return False
    return super().handle_expect_100()

  def _answer(self) -> None:
    method = 'GET' if self.command == 'HEAD' else self.command
    # What is not read of a body would be taken for the next request.
    if self.headers.get('Content-Length', '0') != '0':
      self.close_connection = True
    if 'Transfer-Encoding' in self.headers:
      self.close_connection = True
    try:
      trust.check(self.headers, method != 'GET')
      self._find_route(method)()
    except refusal.RefusedError as error:
      self._refuse(error)
    except (ConnectionError, TimeoutError):
      self.close_connection = True
    except Exception:  # Whatever it is, the client must not wait.
      self.server.handle_error(self.request, self.client_address)
      self._refuse(
        refusal.RefusedError(
          http.HTTPStatus.INTERNAL_SERVER_ERROR,
          'The server made a mistake; what it was stands in its terminal.',
        )
      )

  do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = _answer  # noqa: N815
  do_PUT = _answer  # noqa: N815

  def _find_route(self, method):
    path = self.path.partition('?')[0]
    allowed = ''
    for route_method, pattern, name in _ROUTES:
      match = pattern.fullmatch(path)
      if match and route_method == method:
        return lambda: getattr(self, name)(*match.groups())
      if match:
        allowed = 'GET, HEAD' if route_method == 'GET' else route_method
    if allowed:
      raise refusal.RefusedError(
        http.HTTPStatus.METHOD_NOT_ALLOWED,
        f'{path[:100]} takes {allowed} only, not {method[:20]}.',
        {'Allow': allowed},
      )
    raise refusal.RefusedError(
      http.HTTPStatus.NOT_FOUND, f'There is nothing at {path[:100]}.'
    )

  def _home(self):
    self._send_page(
      home_page.home(self.server.clerk, self.headers.get('Host', ''))
    )

  def _leaderboard(self):
    self._send_json(answers.leaderboard(self.server.clerk))

  def _asset(self, path):
    kind, content = _ASSETS[path]
    self._send(f'{kind}; charset=utf-8', content.encode())

  def _judge(self):
    length = self._check_upload()
    uploads = self.server.uploads
    if not uploads.acquire(blocking=False):
      raise refusal.RefusedError(
        http.HTTPStatus.SERVICE_UNAVAILABLE,
        f'{MOST_UPLOADS} files are being uploaded already. Try again.',
        {'Retry-After': '30'},
      )
    try:
      query = parse.parse_qsl(
        self.path.partition('?')[2], keep_blank_values=True, max_num_fields=16
      )
      job = self.server.clerk.admit(
        upload.Body(self.rfile, length, _UPLOAD_S),
        self.headers.get('Content-Type', ''),
        dict(query),
      )
    except ValueError as error:
      if isinstance(error, refusal.RefusedError):
        raise
      raise refusal.RefusedError(
        http.HTTPStatus.BAD_REQUEST, f'The address cannot be read: {error}.'
      ) from error
    finally:
      uploads.release()
    self._send_job(job, http.HTTPStatus.ACCEPTED)

  def _check_upload(self):
    """Returns the body's length, if the body is wanted at all."""
    self.server.clerk.jobs.check_room()
    return upload.length(self.headers, self.server.clerk.most_bytes)

  def _cancel(self, verdict_id):
    job = self.server.clerk.jobs.get(verdict_id)
    if job is None:
      raise answers.unknown(verdict_id)
    self.server.clerk.jobs.cancel(job)
    self._send_job(job, http.HTTPStatus.OK)

  def _verdict(self, verdict_id):
    self._send_page(answers.page(self.server.clerk, verdict_id))

  def _verdict_json(self, verdict_id):
    self._send_json(answers.verdict(self.server.clerk, verdict_id))

  def _picture(self, verdict_id, number):
    content = self.server.clerk.archive.picture(verdict_id, int(number))
    if content is None:
      raise refusal.RefusedError(
        http.HTTPStatus.NOT_FOUND, f'{verdict_id} has no picture {number}.'
      )
    self._send('image/png', content, cache='private, max-age=86400, immutable')

  def _wants_page(self):
    headers = getattr(self, 'headers', None) or {}
    return 'text/html' in headers.get('Accept', '')

  def _send_job(self, job, status):
    """Leads a browser to the job's page; tells a script about it."""
    place = self.server.clerk.jobs.place(job)
    address = {'Location': f'/verdicts/{job.id}'}
    if self._wants_page():
      self._send('text/html', b'', http.HTTPStatus.SEE_OTHER, address)
    else:
      self._send_json(job_page.job_json(job, place), status, address)

  def _refuse(self, error):
    self.close_connection = True
    text, phrase = str(error), error.status.phrase
    try:
      if self._wants_page():
        page = answers.refused(phrase, text)
        self._send_page(page, error.status, error.headers)
      else:
        self._send_json({'error': text}, error.status, error.headers)
      # A client that is sending does not look for an answer before its end,
      # and would not find it in a connection that is gone.
      self.connection.shutdown(socket.SHUT_WR)
      self.connection.settimeout(_LINGER_S)
      upload.discard(self.rfile.read1, 1 << 30, _LINGER_S)
    except OSError:
      pass

  def _send_page(self, page, status=http.HTTPStatus.OK, headers=None):
    self._send('text/html; charset=utf-8', page.encode(), status, headers)

  def _send_json(self, value, status=http.HTTPStatus.OK, headers=None):
    text = json.dumps(value, indent=2, allow_nan=False) + '\n'
    self._send('application/json', text.encode(), status, headers)

  def _send(
    self, kind, content, status=http.HTTPStatus.OK, headers=None, cache=None
  ):
    self.send_response(status)
    for name, value in {**_HEADERS, **(headers or {})}.items():
      self.send_header(name, value)
    self.send_header('Cache-Control', cache or 'no-store')
    self.send_header('Content-Type', kind)
    self.send_header('Content-Length', str(len(content)))
    if self.close_connection:
      self.send_header('Connection', 'close')
    self.end_headers()
    if self.command != 'HEAD':
      self.wfile.write(content)
