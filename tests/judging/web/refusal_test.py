# SPDX-License-Identifier: Apache-2.0
"""Tests that a refusal says its reason, and passes for a wrong value."""

import http

from absl.testing import absltest

from depth_mai.judging.web import refusal


class RefusedErrorTest(absltest.TestCase):
  def test_status_and_text(self):
    with self.assertRaisesRegex(ValueError, '^too large$') as caught:
      raise refusal.RefusedError(
        http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 'too large', {'Allow': 'GET'}
      )
    self.assertEqual(caught.exception.status, 413)
    self.assertEqual(caught.exception.headers, {'Allow': 'GET'})


if __name__ == '__main__':
  absltest.main()
