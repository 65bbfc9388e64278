# SPDX-License-Identifier: Apache-2.0
"""Whose requests are answered.

A page on localhost can be reached by every page that the browser has open.
Two things keep those out:

- A name that an attacker owns can be made to point at 127.0.0.1 (DNS
  rebinding); the browser then takes the attacker's page and this one for the
  same. Only the Host header gives it away. An address is no name, so any
  address is answered, and of names only 'localhost' and this machine's own.
- A form on another page can post to this one (cross-site request forgery). A
  browser says in Origin, and a recent one also in Sec-Fetch-Site, where the
  form was. A script such as curl sends neither, and is answered.
"""

from collections.abc import Mapping
import http
import ipaddress
import re
import socket

from depth_mai.judging.web import refusal

# What precedes a port, in brackets for IPv6, and the port.
_HOST = re.compile(r'(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{1,5})?')


def check(headers: Mapping[str, str], changes_something: bool) -> None:
  """Refuses a request that another page caused.

  Args:
    headers: of the request; names of any case.
    changes_something: whether it is a POST.

  Raises:
    RefusedError: for a Host that is not this machine, or an Origin that is not
      this page.
  """
  host = headers.get('Host', '')
  match = _HOST.fullmatch(host)
  if not match or not _is_this_machine(match[1] or match[2]):
    raise refusal.RefusedError(
      http.HTTPStatus.MISDIRECTED_REQUEST,
      "This server answers to localhost, to its machine's name and to "
      f'addresses only; the Host of the request is {host[:100]!r}. Open it as '
      'http://localhost:PORT or http://ADDRESS:PORT.',
    )
  if not changes_something:
    return
  origin = headers.get('Origin')
  site = headers.get('Sec-Fetch-Site', 'same-origin')
  foreign = origin is not None and origin.lower() != f'http://{host}'.lower()
  if foreign or site not in ('same-origin', 'none'):
    raise refusal.RefusedError(
      http.HTTPStatus.FORBIDDEN,
      f'The request comes from another page ({(origin or site)[:100]!r}), not '
      'from this one. Use the form of this page, or a script that sends no '
      'Origin header.',
    )


def _is_this_machine(name: str) -> bool:
  try:
    ipaddress.ip_address(name)
  except ValueError:
    return name.lower() in ('localhost', socket.gethostname().lower())
  return True
