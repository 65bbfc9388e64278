# SPDX-License-Identifier: Apache-2.0
"""Limits for uploads: before a file is read, and while it arrives.

`limited_server` applies them.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses

from depth_mai.web import guard

NO_LENGTH = (
  'The request needs the header Content-Length, which browsers and '
  '`curl --data-binary @FILE` send.'
)


def storage_error(error: OSError) -> str:
  """Returns the message for a file that cannot be written to disk."""
  return f'The server cannot store the file: {error.strerror}.'


@dataclasses.dataclass(frozen=True)
class Uploads:
  """Limits for the one path that takes the body of a request.

  Attributes:
    path: the path for uploads; bodies sent elsewhere are dropped.
    most_bytes: largest size of a file.
    why_not: returns why no file is accepted now; '' if one is.
    at_once: largest number of uploads at the same time.
    form_bytes: most bytes that a form adds to its file.
    total_s: most seconds for an upload.
    silence_s: most seconds without a byte.
    grace_s: seconds after which `bytes_per_s` is checked.
    bytes_per_s: least mean rate, so that a client that sends very slowly does
      not block other uploads.
    yields_s: seconds after which an upload may have to make room: where all
      places are taken, the slowest one is ended for a new one.
    header_s: most seconds for the header of any request.
    discard_s: seconds to continue reading after a refusal, so that a client
      that is still sending receives the answer.
  """

  path: str = ''
  most_bytes: int = 0
  why_not: Callable[[], str] = lambda: ''
  at_once: int = 4
  form_bytes: int = 1 << 16
  total_s: float = 600.0
  silence_s: float = 30.0
  grace_s: float = 30.0
  bytes_per_s: float = 16384.0
  yields_s: float = 10.0
  header_s: float = 30.0
  discard_s: float = 10.0

  def refusal(
    self, headers: Mapping[str, str], length: int | None, in_progress: int
  ) -> tuple[int, str] | None:
    """Checks an upload when its header has arrived.

    Args:
      headers: of the request.
      length: of the body, bytes; None if the header does not state it.
      in_progress: number of other uploads.

    Returns:
      (HTTP status, why the upload is refused); None if it is allowed.
    """
    foreign = guard.foreign(headers, changes_something=True)
    if foreign:
      return foreign
    if length is None:
      return 411, NO_LENGTH
    if length > self.most_bytes + self.form_bytes:
      return 413, self.too_large
    why_not = self.why_not()
    if why_not:
      return 503, why_not
    if in_progress >= self.at_once:
      return 503, (
        f'{self.at_once} files are being uploaded already. Try again later.'
      )
    return None

  @property
  def too_large(self) -> str:
    """The message for a file that is too large."""
    return (
      f'The file is larger than the {self.most_bytes / 2**20:g} MB that this '
      'server takes.'
    )

  def why_too_slow(
    self, received_bytes: int, elapsed_s: float, silent_s: float
  ) -> str:
    """Checks an upload that has not arrived completely.

    Args:
      received_bytes: of its body.
      elapsed_s: since it began.
      silent_s: since the last byte.

    Returns:
      Why the upload is ended; '' to continue.
    """
    if silent_s > self.silence_s:
      return f'Nothing arrived for {self.silence_s:g} s.'
    if elapsed_s > self.total_s:
      return f'The file did not arrive within {self.total_s:g} s.'
    if received_bytes < self.bytes_per_s * (elapsed_s - self.grace_s):
      return (
        f'The file arrived at {received_bytes / elapsed_s / 1e3:.1f} kB/s on '
        f'average; at least {self.bytes_per_s / 1e3:.0f} kB/s are needed.'
      )
    return ''

  def makes_room(self, received_bytes: int, elapsed_s: float) -> str:
    """Returns the message for the slowest upload, which is ended for another.

    Args:
      received_bytes: of its body.
      elapsed_s: since it began.
    """
    return (
      f'Another upload waited, and the file arrived slowest, at '
      f'{received_bytes / elapsed_s / 1e3:.1f} kB/s. Try again later, or over '
      'a faster connection.'
    )
