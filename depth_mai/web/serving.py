# SPDX-License-Identifier: Apache-2.0
"""Serves an app with waitress until it is stopped.

waitress is imported when something is served, so that a device need not have
it.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import socket
import threading
import typing

from depth_mai.web import pages
from depth_mai.web import uploads as uploads_lib


class Address(typing.NamedTuple):
  """The address at which a server listens.

  Attributes:
    host: IP address.
    port: TCP port.
  """

  host: str
  port: int

  @property
  def url(self) -> str:
    """The address of the first page."""
    host = f'[{self.host}]' if ':' in self.host else self.host
    return f'http://{host}:{self.port}/'


@contextlib.contextmanager
def running(
  app: Callable,
  host: str,
  port: int,
  uploads: uploads_lib.Uploads | None = None,
  flag: str = '--port',
  **adjustments: object,
) -> Iterator[Address]:
  """Serves an app in threads, which end with the context.

  Answers in progress have five seconds to end; an app that streams must end its
  streams itself.

  Args:
    app: a WSGI app, such as that of `guard.create_app`.
    host: name or address to listen at; 127.0.0.1 is local only.
    port: 0 for any free port.
    uploads: limits for uploads; None: the bodies of requests are dropped.
    flag: the flag to change if the address is taken, for the message.
    **adjustments: further settings of waitress, such as `threads`.

  Yields:
    The address at which it listens.

  Raises:
    ValueError: if the address cannot be used, or waitress is not installed.
  """
  pages.optional_package('waitress')
  from depth_mai.web import limited_server

  family = socket.AF_INET6 if ':' in host else socket.AF_INET
  try:
    listening = socket.create_server((host, port), family=family, backlog=64)
  except (OSError, OverflowError) as error:
    raise ValueError(
      f'Cannot listen at {host}, port {port} ({error}). Choose another {flag}; '
      'port 0 takes any free port.'
    ) from error
  address = Address(*listening.getsockname()[:2])
  server = limited_server.Server(
    app, listening, uploads or uploads_lib.Uploads(), adjustments
  )
  thread = threading.Thread(target=server.run, name='web', daemon=True)
  thread.start()
  try:
    yield address
  finally:
    server.stop()
    thread.join()
