# SPDX-License-Identifier: Apache-2.0
"""Tests of the limits for uploads."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.web import uploads as uploads_lib

_HEADERS = {'Host': 'localhost'}


class RefusalTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.why_not = ''
    self.uploads = uploads_lib.Uploads('/judge', 1 << 20, lambda: self.why_not)

  def test_allowed(self):
    # A form is larger than its file.
    for length in (1, 1 << 20, (1 << 20) + (1 << 16)):
      self.assertIsNone(self.uploads.refusal(_HEADERS, length, 3))

  @parameterized.parameters(
    (None, 0, 411, 'Content-Length'),
    ((1 << 20) + (1 << 16) + 1, 0, 413, 'larger than the 1 MB'),
    (1, 4, 503, '4 files are being uploaded'),
  )
  def test_refused(self, length, in_progress, status, text):
    found = self.uploads.refusal(_HEADERS, length, in_progress)
    self.assertEqual(found[0], status)
    self.assertIn(text, found[1])

  def test_other_pages(self):
    headers = {'Host': 'localhost', 'Origin': 'http://evil.example'}
    self.assertEqual(self.uploads.refusal(headers, 1, 0)[0], 403)
    self.assertEqual(self.uploads.refusal({}, 1, 0)[0], 421)

  def test_no_room(self):
    self.why_not = 'Too many wait.'
    self.assertEqual(
      self.uploads.refusal(_HEADERS, 1, 0), (503, 'Too many wait.')
    )


class TooSlowTest(parameterized.TestCase):
  @parameterized.parameters(
    # (bytes received, seconds since the start, seconds of silence)
    (0, 29.0, 29.0),
    (1, 29.0, 0.0),
    # 16 kB/s after the grace.
    (16384 * 70, 100.0, 1.0),
    (256 << 20, 599.0, 1.0),
  )
  def test_continues(self, received, elapsed_s, silent_s):
    uploads = uploads_lib.Uploads()
    self.assertEqual(uploads.why_too_slow(received, elapsed_s, silent_s), '')

  @parameterized.parameters(
    (256 << 20, 100.0, 31.0, 'Nothing arrived for 30 s'),
    (256 << 20, 601.0, 1.0, 'within 600 s'),
    # A client that drips.
    (31, 31.0, 1.0, '0.0 kB/s on average; at least 16 kB/s'),
    (16384 * 60, 100.0, 1.0, '9.8 kB/s on average'),
  )
  def test_ends_slow_uploads(self, received, elapsed_s, silent_s, text):
    uploads = uploads_lib.Uploads()
    self.assertIn(text, uploads.why_too_slow(received, elapsed_s, silent_s))

  def test_message_of_the_slowest(self):
    text = uploads_lib.Uploads().makes_room(50_000, 20.0)
    self.assertIn('Another upload waited', text)
    self.assertIn('at 2.5 kB/s', text)


if __name__ == '__main__':
  absltest.main()
