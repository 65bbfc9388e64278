# SPDX-License-Identifier: Apache-2.0
"""Tests the form reader against the standard library's reader of e-mail."""

import email
import io

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging.web import multipart
from depth_mai.judging.web import refusal

_BOUNDARY = b'----WebKitFormBoundaryA1b2'
# Holds what nearly is a boundary, and line ends of all kinds.
_FILE = (
  np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8).tobytes()
  + b'\r\n------WebKitFormBoundaryA1b\r\n--\r\n\r\n\n\r--'
)


def _form(*parts, end=b'--\r\n', start=b''):
  """Returns a form; each part is (header, content)."""
  body = start
  for header, content in parts:
    body += (
      b'--' + _BOUNDARY + b'\r\n' + header + b'\r\n\r\n' + content + b'\r\n'
    )
  return body + b'--' + _BOUNDARY + end


_MODEL = (
  b'Content-Disposition: form-data; name="model"; filename="a b.tflite"\r\n'
  b'Content-Type: application/octet-stream',
  _FILE,
)
_UNIT = (b'content-disposition: form-data; name="unit"', b'mm')
_EMPTY = (b'Content-Disposition: form-data; name="device"', b'')


def _read(body, chunk=1 << 16):
  """Returns [(name, file name, content), ...], read in small pieces."""
  stream = io.BytesIO(body)
  parts = multipart.parts(lambda most: stream.read(min(most, chunk)), _BOUNDARY)
  return [
    (part.name, part.file_name, b''.join(part.chunks())) for part in parts
  ]


class PartsTest(parameterized.TestCase):
  @parameterized.parameters(1, 2, 3, 7, 29, 30, 31, 1 << 16)
  def test_as_the_standard_library_reads_it(self, chunk):
    body = _form(_UNIT, _MODEL, _EMPTY)
    kind = b'Content-Type: multipart/form-data; boundary=' + _BOUNDARY
    message = email.message_from_bytes(kind + b'\r\n\r\n' + body)
    expected = [
      (
        part.get_param('name', header='content-disposition'),
        part.get_filename(),
        part.get_payload(decode=True),
      )
      for part in message.get_payload()
    ]
    self.assertEqual(expected[0], ('unit', None, b'mm'))
    # E-mail has lines; a file's bytes are as they are.
    expected[1] = (*expected[1][:2], _FILE)
    self.assertEqual(_read(body, chunk), expected)

  def test_what_is_not_read_is_skipped(self):
    stream = io.BytesIO(_form(_MODEL, _UNIT))
    names = [part.name for part in multipart.parts(stream.read, _BOUNDARY)]
    self.assertEqual(names, ['model', 'unit'])

  def test_what_stands_before_and_behind_is_skipped(self):
    body = _form(_UNIT, end=b'--\r\nbehind', start=b'before\r\n')
    self.assertEqual(_read(body), [('unit', None, b'mm')])

  @parameterized.parameters(
    (b'filename="a%22b.tflite"', 'a"b.tflite'),
    (b'filename="a\\"b.tflite"', 'a"b.tflite'),
    ('filename="tiefe_ä.tflite"'.encode(), 'tiefe_ä.tflite'),
    (b'filename="\xff.tflite"', '\N{REPLACEMENT CHARACTER}.tflite'),
    (b'filename=""', ''),
  )
  def test_names(self, parameter, expected):
    header = b'Content-Disposition: form-data; name="model"; ' + parameter
    self.assertEqual(_read(_form((header, b''))), [('model', expected, b'')])

  def test_memory_stays_small(self):
    held = []
    stream = io.BytesIO(_form((_MODEL[0], bytes(4 << 20))))
    for part in multipart.parts(stream.read, _BOUNDARY):
      held = [len(chunk) for chunk in part.chunks()]
    self.assertEqual(sum(held), 4 << 20)
    self.assertLess(max(held), 1 << 17)

  @parameterized.named_parameters(
    ('empty', b'', 'ends before'),
    ('no_boundary', b'x' * 200000, 'ends before'),
    ('cut_in_the_file', _form(_MODEL)[:3000], 'ends before'),
    ('cut_in_the_boundary', _form(_MODEL)[:-5], 'ends before'),
    ('no_end', _form(_UNIT, end=b'\r\n'), 'ends before'),
    ('text_behind_a_boundary', _form(_UNIT, end=b'zz'), 'something else'),
    ('no_name', _form((b'Content-Type: text/plain', b'')), 'no name'),
    ('endless_header', _form((b'a' * 100000, b'')), 'no end of its header'),
    ('many_parts', _form(*[_UNIT] * 17), 'more than 16'),
  )
  def test_broken(self, body, message):
    with self.assertRaisesRegex(refusal.RefusedError, message) as caught:
      _read(body)
    self.assertEqual(caught.exception.status, 400)


class BoundaryTest(parameterized.TestCase):
  @parameterized.parameters(
    ('multipart/form-data; boundary=abc', b'abc'),
    ('Multipart/Form-Data;boundary="a b"', b'a b'),
    ('multipart/form-data; charset=utf-8; boundary=abc', b'abc'),
    ('application/octet-stream', None),
    ('application/x-www-form-urlencoded', None),
    ('', None),
  )
  def test_boundary(self, content_type, expected):
    self.assertEqual(multipart.boundary(content_type), expected)

  @parameterized.parameters(
    'multipart/form-data',
    'multipart/form-data; boundary=',
    f'multipart/form-data; boundary={"a" * 71}',
  )
  def test_none(self, content_type):
    with self.assertRaisesRegex(refusal.RefusedError, 'no boundary'):
      multipart.boundary(content_type)


if __name__ == '__main__':
  absltest.main()
