# SPDX-License-Identifier: Apache-2.0
"""Tests of who is answered: this page and scripts, not other pages."""

import email.message
import socket

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import refusal
from depth_mai.judging.web import trust


def _headers(**named):
  headers = email.message.Message()
  for name, value in named.items():
    headers[name.replace('_', '-')] = value
  return headers


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
    trust.check(_headers(Host=host), changes_something=False)

  @parameterized.parameters(
    '',
    'evil.example',
    # Owned by others, whatever they make it point at.
    '127.0.0.1.evil.example:8080',
    'localhost.evil.example',
    'evil.example:8080@127.0.0.1',
    '127.0.0.1:8080/..',
    '127.0.0.1:',
    '<b>',
  )
  def test_another_name(self, host):
    for changes in (False, True):
      with self.assertRaises(refusal.RefusedError) as caught:
        trust.check(_headers(Host=host), changes)
      self.assertEqual(caught.exception.status, 421)

  def test_no_host(self):
    with self.assertRaises(refusal.RefusedError):
      trust.check(_headers(), changes_something=False)


class OriginTest(parameterized.TestCase):
  @parameterized.parameters(
    {},  # curl
    {'Origin': 'http://127.0.0.1:8080'},
    {'Origin': 'http://127.0.0.1:8080', 'Sec_Fetch_Site': 'same-origin'},
    {'Sec_Fetch_Site': 'none'},
  )
  def test_own_form_or_script(self, **headers):
    trust.check(_headers(Host='127.0.0.1:8080', **headers), True)

  @parameterized.parameters(
    {'Origin': 'http://evil.example'},
    {'Origin': 'null'},
    {'Origin': 'https://127.0.0.1:8080'},
    # Another server on the same machine.
    {'Origin': 'http://127.0.0.1:8081'},
    {'Origin': 'http://localhost:8080'},
    {'Sec_Fetch_Site': 'cross-site'},
    {'Sec_Fetch_Site': 'same-site', 'Origin': 'http://127.0.0.1:8080'},
  )
  def test_form_of_another_page(self, **headers):
    headers = _headers(Host='127.0.0.1:8080', **headers)
    trust.check(headers, changes_something=False)  # A link may lead here.
    with self.assertRaisesRegex(refusal.RefusedError, 'another page') as caught:
      trust.check(headers, changes_something=True)
    self.assertEqual(caught.exception.status, 403)


if __name__ == '__main__':
  absltest.main()
