# SPDX-License-Identifier: Apache-2.0
"""Limits for uploads: which are refused before they are read, which in between.

`limited_server` applies them.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses

from depth_mai.web import guard

NO_LENGTH = (
  'The request must say in Content-Length how long it is, as browsers and '
  '`curl --data-binary @FILE` do.'
)


def cannot_keep(error: OSError) -> str:
  """Returns the text for a file that cannot be written to disk."""
  return f'The server cannot keep the file: {error.strerror}.'


@dataclasses.dataclass(frozen=True)
class Uploads:
  """Limits for the one path that takes the body of a request.

  Attributes:
    path: where files are posted; bodies sent elsewhere are dropped.
    most_bytes: size of a file.
    why_not: returns why no file can be taken now; '' if one can.
    at_once: uploads at the same time.
    form_bytes: what a form adds to its file.
    total_s: seconds for an upload.
    silence_s: seconds without a byte.
    grace_s: seconds before the rate counts.
    bytes_per_s: least mean rate after that, so that a client which sends a byte
      now and then does not occupy one of the places.
    header_s: seconds for the header of any request.
    discard_s: seconds to read on after a refusal, so that a client which is
      still sending gets to see the answer.
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
  header_s: float = 30.0
  discard_s: float = 10.0

  def refusal(
    self, headers: Mapping[str, str], length: int | None, in_progress: int
  ) -> tuple[int, str] | None:
    """Checks an upload whose header has come.

    Args:
      headers: of the request.
      length: of the body, bytes; None if the header does not say.
      in_progress: other uploads.

    Returns:
      (HTTP status, why it is refused); None if it is welcome.
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
    """The text for a file that is too large."""
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
      Why to wait no longer; '' to wait on.
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
