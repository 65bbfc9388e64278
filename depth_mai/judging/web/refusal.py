# SPDX-License-Identifier: Apache-2.0
"""A request that is not answered as asked, and what the client is told."""

from collections.abc import Mapping
import http


class RefusedError(ValueError):
  """What was asked for cannot be done; the message says why, and the cure."""

  def __init__(
    self,
    status: http.HTTPStatus,
    message: str,
    headers: Mapping[str, str] | None = None,
  ):
    """Notes the answer.

    Args:
      status: of the answer, 4xx or 5xx.
      message: what the client reads.
      headers: what else the answer says.
    """
    super().__init__(message)
    self.status = status
    self.headers = dict(headers or {})
