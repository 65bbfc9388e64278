# SPDX-License-Identifier: Apache-2.0
"""Makes Flask apps that refuse requests from other sites.

Every page open in a browser can reach a server on localhost. Two checks keep
other sites out:

- DNS rebinding: an attacker can make a host name point to 127.0.0.1; the
  browser then treats the attacker's page and ours as one site. Only the Host
  header reveals this. The allowed hosts are IP addresses, 'localhost' and this
  machine's own name. (Flask's TRUSTED_HOSTS cannot allow all addresses.)
- Cross-site request forgery: a form on another page can post to ours. Browsers
  name the form's page in Origin, recent ones also in Sec-Fetch-Site. Clients
  such as curl send neither header, and are answered.

Flask is imported when an app is made, so that a device need not have it.
"""

from collections.abc import Callable
from collections.abc import Mapping
import ipaddress
import re
import socket
import traceback
import typing

from depth_mai.files import printable
from depth_mai.web import pages

# In the WSGI environment: (status, text) if the server refuses a request.
REFUSAL = 'depth_mai.refusal'
_POLICY = (
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
  "base-uri 'none'"
)
_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': _POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  # With no-referrer, browsers would send 'Origin: null' even from our own page.
  'Referrer-Policy': 'same-origin',
  'Vary': 'Accept',
  'X-Content-Type-Options': 'nosniff',
}
# In place of the texts of werkzeug.
_TEXTS = {
  400: 'The request is not valid. Reload the page, and try again.',
  404: 'There is no page at this address. Check the address.',
  405: 'This address does not take {method} requests, only {methods}.',
  413: 'The form is larger than this server takes. Send the file alone.',
}
_HEADINGS = {
  400: 'The request is not valid',
  403: 'Not allowed',
  404: 'Page not found',
  405: 'Wrong kind of request',
  408: 'The upload was too slow',
  411: 'The size is missing',
  413: 'The file is too large',
  421: 'Another host was asked for',
  431: 'The header is too large',
  500: 'The server failed',
  501: 'Not supported',
  503: 'Too busy now',
  507: 'The disk is full',
}
_MIME_TYPES = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}
# A name or address, an IPv6 one in brackets, and a port.
_HOST = re.compile(r'(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{1,5})?')


def foreign(
  headers: Mapping[str, str], changes_something: bool, any_name: bool = False
) -> tuple[int, str] | None:
  """Checks whether another page caused a request.

  Args:
    headers: of the request; case-insensitive.
    changes_something: whether it is a POST.
    any_name: whether to answer to any host name.

  Returns:
    (HTTP status, why the request is refused); None if it is allowed.
  """
  host = headers.get('Host') or ''
  match = _HOST.fullmatch(host)
  if not any_name and not (match and _is_this_machine(match[1] or match[2])):
    return 421, (
      'This server answers to localhost, to the name of its machine and to IP '
      f'addresses only; the Host of the request is {host[:100]!r}. Open it as '
      'http://localhost:PORT or http://ADDRESS:PORT.'
    )
  if not changes_something:
    return None
  origin = headers.get('Origin')
  site = headers.get('Sec-Fetch-Site') or 'same-origin'
  is_foreign = origin is not None and origin.lower() != f'http://{host}'.lower()
  if is_foreign or site not in ('same-origin', 'none'):
    return 403, (
      f'The request comes from another page ({(origin or site)[:100]!r}), not '
      'from this one. Use the form of this page, or a script that sends no '
      'Origin header.'
    )
  return None


def create_app(
  report_line: Callable[[str], object] = print,
  any_name: bool = False,
  name: str = 'depth_mai',
) -> typing.Any:
  """Returns a Flask app with checks, security headers, /static and errors.

  Refused requests and errors are answered as {"error": ...}, or as a page if
  the client accepts text/html.

  Args:
    report_line: takes the traceback of an error in the app.
    any_name: as for `foreign`.
    name: of the site, shown at the top of a page with an error.

  Raises:
    ValueError: if Flask is not installed.
  """
  flask = pages.optional_package('flask')
  exceptions = pages.optional_package('werkzeug.exceptions')
  # Files are found in this table: no part of an address becomes a path.
  static = {path.name: path for path in pages.STATIC_DIR.iterdir()}
  app = flask.Flask('depth_mai.web', static_folder=None, template_folder=None)
  app.config['PROVIDE_AUTOMATIC_OPTIONS'] = False
  app.json.sort_keys, app.json.compact = False, False

  @app.before_request
  def check():
    request = flask.request
    changes_something = request.method not in ('GET', 'HEAD')
    refusal = foreign(request.headers, changes_something, any_name)
    refusal = request.environ.get(REFUSAL) or refusal
    if refusal:
      refuse(*refusal)

  @app.after_request
  def add_headers(response):
    for header, value in _HEADERS.items():
      response.headers.setdefault(header, value)
    if response.status_code == 503:
      response.headers['Retry-After'] = '30'
    return response

  @app.get('/static/<file>')
  def static_file(file):
    if file not in static:
      refuse(404, f'There is no file {file[:100]}.')
    return flask.send_file(static[file], _MIME_TYPES[static[file].suffix])

  @app.errorhandler(exceptions.HTTPException)
  def answer_error(error):
    text = error.description
    # Texts of werkzeug, not of `refuse`.
    if text is None or text == type(error).description:
      text = _TEXTS.get(error.code, text).format(
        method=flask.request.method[:20],
        methods=' or '.join(sorted({*(error.valid_methods or ())} - {'HEAD'}))
        if error.code == 405
        else '',
      )
    if wants_page():
      body = pages.render(
        'error.html',
        name=name,
        heading=_HEADINGS.get(error.code, error.name),
        text=text,
      )
    else:
      body = {'error': text}
    response = flask.make_response(body, error.code)
    for header, value in error.get_headers():
      if header != 'Content-Type':
        response.headers[header] = value
    return response

  @app.errorhandler(Exception)
  def answer_bug(error):
    report_line(''.join(traceback.format_exception(error)))
    return answer_error(
      exceptions.InternalServerError(
        'The server failed; its terminal shows the error.'
      )
    )

  return app


def wants_page() -> bool:
  """Returns whether the client of the current request is a browser."""
  flask = pages.optional_package('flask')
  return 'text/html' in flask.request.headers.get('Accept', '')


def refuse(status: int, text: str) -> typing.NoReturn:
  """Ends the current request with an error, even one that werkzeug lacks.

  Args:
    status: HTTP status.
    text: the reason, and what to do about it; becomes printable.

  Raises:
    HTTPException: always.
  """
  error = pages.optional_package('werkzeug.exceptions').HTTPException(
    printable.printable(text)
  )
  error.code = status
  raise error


def _is_this_machine(name: str) -> bool:
  try:
    ipaddress.ip_address(name)
  except ValueError:
    return name.lower() in ('localhost', socket.gethostname().lower())
  return True
