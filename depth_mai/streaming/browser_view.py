# SPDX-License-Identifier: Apache-2.0
"""Shows live depth in a browser, with a small Flask app served by waitress.

  /            the page
  /stream      Motion JPEG (multipart/x-mixed-replace): picture, depth, bar; no
               bar with ?bar=no, as the page has its own
  /frame.jpg   the newest frame
  /statistics  frames per second, stage times and the ends of the bar as JSON
  /frames      POST freezes the newest frame; its files are /frames/NUMBER/...

It listens on localhost by default. `web.guard` keeps other sites from reading
the camera.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import io
import ipaddress
import threading

from PIL import Image

from depth_mai.report import depth_view
from depth_mai.streaming import frozen_frames
from depth_mai.streaming import live_picture
from depth_mai.streaming import view
from depth_mai.web import guard
from depth_mai.web import pages
from depth_mai.web import serving

_QUALITY = 85
_BOUNDARY = 'depth-mai-frame'
# A browser that takes no frame for this long is disconnected.
_TIMEOUT_S = 10
# Every stream occupies a thread.
_THREADS = 32
# Most data queued for a slow browser; more would only delay its frames.
_MAX_WAITING_BYTES = 1 << 18


class BrowserView:
  """Serves the newest frame to any number of browsers, up to 30 streams.

  Attributes:
    url: address of the page.
  """

  def __init__(
    self,
    address: str = 'localhost:8000',
    report_line: Callable[[str], object] = print,
    recording: view.Recording | None = None,
  ):
    """Starts the server.

    Args:
      address: 'host:port'; port 0 takes a free one.
      report_line: takes the traceback of an error in the server.
      recording: where the page saves a frame; None: the browser downloads it.

    Raises:
      ValueError: if the address is invalid or in use, or if Flask or waitress
        is not installed.
    """
    host, _, port = address.rpartition(':')
    if not host or not port.isdecimal() or int(port) > 65535:
      raise ValueError(
        f'--address={address}: give host:port, such as localhost:8000.'
      )
    for package in ('flask', 'jinja2', 'waitress'):
      pages.optional_package(package, extra='camera')
    self._newest = _Newest()
    app = _app(
      self._newest,
      frozen_frames.FrozenFrames(recording),
      report_line,
      any_name=not _is_local(host),
    )
    self._server = contextlib.ExitStack()
    listening = self._server.enter_context(
      serving.running(
        app,
        host.strip('[]'),
        int(port),
        flag='--address',
        threads=_THREADS,
        channel_timeout=_TIMEOUT_S,
        outbuf_high_watermark=_MAX_WAITING_BYTES,
      )
    )
    self.url = f'http://{host}:{listening.port}/'

  def panel_size(self, height: int, width: int) -> tuple[int, int]:
    """Returns the size of the picture: it is shown unscaled."""
    return height, width

  def show(self, shown: view.Shown) -> None:
    """Makes a frame the newest; it is compressed when a browser asks for it."""
    self._newest.put(shown)

  def close(self) -> None:
    """Ends the streams and the server."""
    self._newest.end()
    self._server.close()


class _Newest:
  """The newest frame, compressed once with a bar and once without."""

  def __init__(self) -> None:
    self.shown: view.Shown | None = None
    self._condition = threading.Condition()
    self._number, self._ended = 0, False
    self._jpegs = {True: (0, b''), False: (0, b'')}

  def put(self, shown: view.Shown) -> None:
    with self._condition:
      self.shown, self._number = shown, self._number + 1
      self._condition.notify_all()

  def end(self) -> None:
    with self._condition:
      self._ended = True
      self._condition.notify_all()

  def jpeg(self, after: int, bar: bool = True) -> tuple[int, bytes] | None:
    """Waits for a frame after number `after`; returns None at the end."""
    with self._condition:
      self._condition.wait_for(
        lambda: self._number > after or self._ended, _TIMEOUT_S
      )
      shown, number = self.shown, self._number
      if self._ended or number <= after or shown is None:
        return None
      if self._jpegs[bar][0] == number:
        return self._jpegs[bar]
    jpeg = number, _compressed(shown, bar)
    with self._condition:
      self._jpegs[bar] = jpeg
    return jpeg

  def parts(self, bar: bool) -> Iterator[bytes]:
    """Yields frames as the parts of a multipart answer."""
    number = 0
    while frame := self.jpeg(number, bar):
      number, jpeg = frame
      header = (
        f'--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n'
        f'Content-Length: {len(jpeg)}\r\n\r\n'
      )
      yield header.encode() + jpeg + b'\r\n'


def _app(newest, frozen, report_line, any_name):
  """Returns the Flask app."""
  import flask

  app = guard.create_app(report_line, any_name)

  def available(content):
    if content is None:
      flask.abort(503, 'There is no frame yet.')
    return content

  @app.get('/')
  def page():
    return pages.render('live.html', colours=depth_view.colour_table())

  @app.get('/stream')
  def stream():
    kind = f'multipart/x-mixed-replace; boundary={_BOUNDARY}'
    bar = flask.request.args.get('bar') != 'no'
    return flask.Response(newest.parts(bar), content_type=kind)

  @app.get('/frame.jpg')
  def frame():
    _, jpeg = available(newest.jpeg(after=0))
    return flask.Response(jpeg, content_type='image/jpeg')

  @app.get('/statistics')
  def statistics():
    shown = available(newest.shown)
    bar = depth_view.colour_range(shown.near_m, shown.far_m)
    return flask.jsonify({**shown.statistics, **bar})

  @app.post('/frames')
  def freeze():
    return flask.jsonify(frozen.freeze(available(newest.shown)))

  @app.get('/frames/<int:number>/<file>')
  def frozen_file(number, file):
    if file not in files:
      guard.refuse(404, f'There is no file {file[:100]}.')
    return flask.Response(kept(files[file], number), mimetype=_kind(file))

  @app.post('/frames/<int:number>/save')
  def save(number):
    return flask.jsonify({'saved': kept(frozen.save, number)})

  files = {
    'picture.jpg': frozen.picture_jpeg,
    'depth.png': frozen.depth_png,
    'side_by_side.png': frozen.side_by_side_png,
  }

  def kept(function, number):
    try:
      return function(number)
    except KeyError:
      guard.refuse(404, 'This frame is no longer kept. Freeze another one.')
    except ValueError as error:
      guard.refuse(500, str(error))

  return app


def _kind(file: str) -> str:
  """Returns the MIME type of a picture."""
  return 'image/png' if file.endswith('.png') else 'image/jpeg'


def _compressed(shown: view.Shown, bar: bool) -> bytes:
  """Returns picture, depth and, if wanted, the bar as a JPEG."""
  file = io.BytesIO()
  whole = Image.fromarray(live_picture.side_by_side(shown, bar))
  whole.save(file, 'JPEG', quality=_QUALITY)
  return file.getvalue()


def _is_local(host: str) -> bool:
  """Returns whether only this machine can reach an address."""
  try:
    return ipaddress.ip_address(host.strip('[]')).is_loopback
  except ValueError:
    return host == 'localhost'
