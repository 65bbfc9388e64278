# SPDX-License-Identifier: Apache-2.0
"""Tests of what is taken in, and that nothing is left of the rest."""

import email.message
import io
import os
import socket
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging.web import refusal
from depth_mai.judging.web import upload

_FORM = 'multipart/form-data; boundary=x'
_CONTENT = np.random.default_rng(0).integers(0, 256, 300000, np.uint8).tobytes()


def _part(name, content, file_name=None):
  file_name = '' if file_name is None else f'; filename="{file_name}"'
  header = f'Content-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'
  return b'--x\r\n' + header.encode() + content + b'\r\n'


def _headers(**named):
  headers = email.message.Message()
  for name, value in named.items():
    headers[name.replace('_', '-')] = value
  return headers


class _OneByOne(io.BytesIO):
  """A stream that gives a few bytes at a time, as a network does."""

  def read1(self, size=-1):
    return super().read1(min(size, 1000))


class ReceiveTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'here')

  def receive(self, content, content_type='', query=None, most=1 << 20, cut=0):
    body = upload.Body(_OneByOne(content), len(content) + cut, 10.0)
    return upload.receive(body, content_type, query or {}, self.path, most)

  def refused(self, *args, **rest):
    with self.assertRaises(refusal.RefusedError) as caught:
      self.receive(*args, **rest)
    self.assertEmpty(os.listdir(self.folder))
    return caught.exception.status, str(caught.exception)

  def written(self):
    with open(self.path, 'rb') as stream:
      return stream.read()

  def test_body_is_the_file(self):
    query = {'name': 'a/b.tflite', 'unit': 'm'}
    # What `curl --data-binary` says of it.
    kind = 'application/x-www-form-urlencoded'
    received = self.receive(_CONTENT, kind, query)
    self.assertEqual(
      received, upload.Upload('b.tflite', len(_CONTENT), {'unit': 'm'})
    )
    self.assertEqual(self.written(), _CONTENT)

  @parameterized.parameters(False, True)
  def test_form(self, file_first):
    parts = [_part('unit', b'mm'), _part('model', _CONTENT, 'a.tflite')]
    body = b''.join(parts[:: -1 if file_first else 1]) + b'--x--\r\nepilogue'
    received = self.receive(body, _FORM, {'unit': 'm', 'name': 'c'})
    # The form counts, not the address.
    self.assertEqual(
      received, upload.Upload('a.tflite', len(_CONTENT), {'unit': 'mm'})
    )
    self.assertEqual(self.written(), _CONTENT)

  def test_no_file(self):
    for body, kind in (
      (b'', ''),
      (_part('unit', b'mm') + b'--x--', _FORM),
      (_part('model', b'', '') + b'--x--', _FORM),
    ):
      status, text = self.refused(body, kind)
      self.assertEqual(status, 400)
      self.assertIn('no file', text)

  def test_as_large_as_it_may_be(self):
    self.receive(_CONTENT, most=len(_CONTENT))
    self.assertEqual(self.written(), _CONTENT)

  def test_too_large(self):
    form = _part('model', _CONTENT, 'a') + b'--x--'
    for body, kind in ((_CONTENT, ''), (form, _FORM)):
      status, text = self.refused(body, kind, most=len(_CONTENT) - 1)
      self.assertEqual(status, 413)
      self.assertIn('0.286101 MB', text)

  def test_cut_off(self):
    status, text = self.refused(_CONTENT, cut=7)
    self.assertEqual(status, 400)
    self.assertIn('cut off, 7 bytes before its end', text)

  def test_not_a_form_at_all(self):
    status, _ = self.refused(_CONTENT, _FORM)
    self.assertEqual(status, 400)

  def test_two_files(self):
    body = _part('model', b'1', 'a') + _part('model', b'2', 'b') + b'--x--'
    self.assertIn('one file', self.refused(body, _FORM)[1])
    body = _part('other', b'1', 'a') + b'--x--'
    self.assertIn("'other'", self.refused(body, _FORM)[1])

  def test_long_field(self):
    body = _part('unit', b'm' * 201) + b'--x--'
    self.assertIn("'unit' is longer", self.refused(body, _FORM)[1])

  def test_nothing_is_overwritten(self):
    with open(self.path, 'wb') as stream:
      stream.write(b'old')
    with self.assertRaises(FileExistsError):
      self.receive(_CONTENT)


class BodyTest(absltest.TestCase):
  def test_ends_where_the_next_request_begins(self):
    body = upload.Body(io.BytesIO(b'onetwo'), 3, 10.0)
    self.assertEqual(body.read(100), b'one')
    self.assertEqual(body.read(100), b'')

  def test_silence_and_slowness(self):
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile('rb') as stream:
      ours.settimeout(0.05)
      silent = upload.Body(stream, 10, 60.0)
      with self.assertRaisesRegex(
        refusal.RefusedError, 'within 60 s'
      ) as caught:
        silent.read(10)
      self.assertEqual(caught.exception.status, 408)
    slow = upload.Body(io.BytesIO(b'abc'), 3, 0.0)
    time.sleep(0.01)
    with self.assertRaisesRegex(refusal.RefusedError, 'within 0 s'):
      slow.read(1)

  def test_client_that_is_gone(self):
    ours, theirs = socket.socketpair()
    with ours, ours.makefile('rb') as stream:
      theirs.sendall(b'abc')
      theirs.close()
      body = upload.Body(stream, 10, 10.0)
      self.assertEqual(body.read(100), b'abc')
      with self.assertRaisesRegex(refusal.RefusedError, '7 bytes before'):
        body.read(100)


class LengthTest(parameterized.TestCase):
  def test_length(self):
    self.assertEqual(upload.length(_headers(Content_Length='12'), 100), 12)
    # A form is larger than its file.
    most = 100 + upload.FORM_BYTES
    self.assertEqual(
      upload.length(_headers(Content_Length=str(most)), 100), most
    )

  @parameterized.parameters(
    ({}, 411),
    ({'Transfer_Encoding': 'chunked'}, 411),
    # Which of both counts is what smugglers of requests live on.
    ({'Content_Length': '5', 'Transfer_Encoding': 'chunked'}, 411),
    ({'Content_Length': '-5'}, 400),
    ({'Content_Length': '5, 5'}, 400),
    ({'Content_Length': '٥'}, 400),
    ({'Content_Length': '9' * 20}, 400),
    ({'Content_Length': str(101 + upload.FORM_BYTES)}, 413),
  )
  def test_refused(self, headers, status):
    with self.assertRaises(refusal.RefusedError) as caught:
      upload.length(_headers(**headers), 100)
    self.assertEqual(caught.exception.status, status)


class DiscardTest(absltest.TestCase):
  def test_reads_to_the_end_or_the_limit(self):
    stream = io.BytesIO(bytes(1 << 18))
    upload.discard(stream.read1, 1 << 20, 10.0)
    self.assertEqual(stream.tell(), 1 << 18)
    stream.seek(0)
    upload.discard(stream.read1, 1, 10.0)
    self.assertLess(stream.tell(), 1 << 18)

  def test_gives_up(self):
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile('rb') as stream:
      ours.settimeout(0.05)
      thread = threading.Thread(
        target=upload.discard, args=(stream.read1, 1 << 20, 10.0)
      )
      thread.start()
      thread.join(5.0)
      self.assertFalse(thread.is_alive())


if __name__ == '__main__':
  absltest.main()
