# SPDX-License-Identifier: Apache-2.0
"""The live view in a browser: a small web server of the standard library.

  /            the page
  /stream      Motion JPEG (multipart/x-mixed-replace): picture, depth, bar
  /frame.jpg   the newest frame
  /statistics  frames per second and times as JSON

On localhost only, unless another address is given. A page of another site must
not read the camera, so requests for another host name are refused there
(DNS rebinding), and other sites may not embed the pictures.
"""

import functools
import http.server
import io
import ipaddress
import json
import threading

import numpy as np
from PIL import Image

from depth_mai.report import picture
from depth_mai.streaming import browser_page
from depth_mai.streaming import view

_QUALITY = 85
_BOUNDARY = 'depth-mai-frame'
# A browser that takes no frame for so long is gone.
_TIMEOUT_S = 10.0
_LOCAL_NAMES = ('localhost', '127.0.0.1', '[::1]')
_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "frame-ancestors 'none'"
  ),
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
}


class BrowserView:
  """Serves the newest frame to any number of browsers.

  Attributes:
    url: of the page.
  """

  def __init__(self, address: str = 'localhost:8000'):
    """Starts the server.

    Args:
      address: 'host:port'; port 0 takes a free one.

    Raises:
      ValueError: if the address makes no sense or is taken.
    """
    host, _, port = address.rpartition(':')
    if not host or not port.isdecimal() or int(port) > 65535:
      raise ValueError(
        f'--address={address}: give host:port, e.g. localhost:8000.'
      )
    self._newest = _Newest()
    try:
      self._server = http.server.ThreadingHTTPServer(
        (host, int(port)),
        functools.partial(_Handler, self._newest, _is_local(host)),
      )
    except OSError as error:
      raise ValueError(
        f'The live view cannot be served at {address}: {error.strerror}; '
        'choose another --address, e.g. localhost:8001.'
      ) from error
    self._server.daemon_threads = True
    self.url = f'http://{host}:{self._server.server_address[1]}/'
    self._thread = threading.Thread(
      target=self._server.serve_forever, args=(0.1,), daemon=True
    )
    self._thread.start()

  def panel_size(self, height: int, width: int) -> tuple[int, int]:
    """See `view.View`; pictures are shown as they are."""
    return height, width

  def show(self, shown: view.Shown) -> None:
    """See `view.View`; compressing is left to those who look."""
    self._newest.put(shown)

  def close(self) -> None:
    """Ends the server and its streams."""
    self._newest.end()
    self._server.shutdown()
    self._server.server_close()
    self._thread.join()


class _Newest:
  """The newest frame, compressed once however many look at it."""

  def __init__(self):
    self._condition = threading.Condition()
    self._shown, self._number, self._ended = None, 0, False
    self._jpeg = (0, b'')

  def put(self, shown: view.Shown) -> None:
    with self._condition:
      self._shown, self._number = shown, self._number + 1
      self._condition.notify_all()

  def end(self) -> None:
    with self._condition:
      self._ended = True
      self._condition.notify_all()

  def statistics(self) -> dict | None:
    with self._condition:
      return self._shown and self._shown.statistics

  def jpeg(self, after: int) -> tuple[int, bytes] | None:
    """Waits for a frame newer than `after`; None when there will be none."""
    with self._condition:
      self._condition.wait_for(
        lambda: self._number > after or self._ended, _TIMEOUT_S
      )
      if self._ended or self._number <= after:
        return None
      shown, number = self._shown, self._number
      if self._jpeg[0] == number:
        return self._jpeg
    jpeg = number, _compressed(shown)
    with self._condition:
      self._jpeg = jpeg
    return jpeg


def _compressed(shown: view.Shown) -> bytes:
  """Returns picture, depth and bar as a JPEG."""
  height = shown.rgb_uint8.shape[0]
  bar = _bar(height, shown.near_m, shown.far_m)
  whole = np.hstack((shown.rgb_uint8, shown.depth_rgb, bar))
  file = io.BytesIO()
  Image.fromarray(whole).save(file, 'JPEG', quality=_QUALITY)
  return file.getvalue()


@functools.lru_cache(maxsize=4)
def _bar(height: int, near_m: float, far_m: float) -> np.ndarray:
  """Returns the bar; its letters take longer than all else in a picture."""
  return picture.colour_bar(height, near_m, far_m)


def _is_local(host: str) -> bool:
  """Returns whether only this machine can reach an address."""
  try:
    return ipaddress.ip_address(host.strip('[]')).is_loopback
  except ValueError:
    return host == 'localhost'


class _Handler(http.server.BaseHTTPRequestHandler):
  """Answers one browser."""

  timeout = _TIMEOUT_S
  server_version, sys_version = 'depth_mai', ''

  def __init__(self, newest: _Newest, local_only: bool, *arguments):
    self._newest, self._local_only = newest, local_only
    super().__init__(*arguments)

  def do_GET(self) -> None:  # noqa: N802, the name http.server calls.
    """Answers a request."""
    host = self.headers.get('Host', '')
    if self._local_only and _without_port(host) not in _LOCAL_NAMES:
      self.send_error(403, f'Open http://localhost, not {host}')
      return
    path = self.path.partition('?')[0]
    try:
      if path == '/':
        page = browser_page.PAGE.encode()
        self._answer('text/html; charset=utf-8', page)
      elif path == '/stream':
        self._stream()
      elif path == '/frame.jpg':
        frame = self._newest.jpeg(after=0)
        self._answer('image/jpeg', frame and frame[1])
      elif path == '/statistics':
        statistics = self._newest.statistics()
        text = statistics and json.dumps(statistics).encode()
        self._answer('application/json', text)
      else:
        self.send_error(404)
    except OSError:  # The browser is gone.
      self.close_connection = True

  def log_message(self, *unused) -> None:
    """Keeps quiet: the terminal may be a view itself."""

  def _answer(self, content_type: str, content: bytes | None) -> None:
    if content is None:
      self.send_error(503, 'There is no frame yet')
      return
    self._begin(content_type)
    self.send_header('Content-Length', str(len(content)))
    self.end_headers()
    self.wfile.write(content)

  def _stream(self) -> None:
    self._begin(f'multipart/x-mixed-replace; boundary={_BOUNDARY}')
    self.end_headers()
    number = 0
    while frame := self._newest.jpeg(number):
      number, jpeg = frame
      self.wfile.write(
        b'--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n'
        % (_BOUNDARY.encode(), len(jpeg))
      )
      self.wfile.write(jpeg + b'\r\n')

  def _begin(self, content_type: str) -> None:
    self.send_response(200)
    self.send_header('Content-Type', content_type)
    for name, value in _HEADERS.items():
      self.send_header(name, value)


def _without_port(host: str) -> str:
  name, colon, port = host.rpartition(':')
  return name if colon and port.isdecimal() else host
