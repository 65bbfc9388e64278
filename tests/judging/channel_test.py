# SPDX-License-Identifier: Apache-2.0
"""Tests of the messages, including invalid ones."""

import socket
import struct
import threading
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import channel


class ChannelTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.raw, theirs = socket.socketpair()
    self.channel = channel.Channel(theirs)
    self.addCleanup(self.raw.close)
    self.addCleanup(self.channel.close)

  def test_round_trip(self):
    other = channel.Channel(self.raw)
    blob = bytes(range(256)) * 4096  # More than the socket's buffer.
    sending = threading.Thread(
      target=other.send, args=({'do': 'run', 'list': [1, 2.5]}, blob)
    )
    sending.start()
    message, got = self.channel.receive(len(blob), 5.0)
    sending.join()
    self.assertEqual(message, {'do': 'run', 'list': [1, 2.5]})
    self.assertEqual(got, blob)
    self.channel.send({})
    self.assertEqual(other.receive(0), ({}, b''))

  def test_message_without_a_blob_is_one_write(self):
    # After a second write, the sender would fail if the reader hung up early.
    connection = mock.create_autospec(socket.socket, instance=True)
    channel.Channel(connection).send({'a': 1})
    connection.sendall.assert_called_once()

  @parameterized.parameters(
    (b'{', 0),
    (b'[1]', 0),
    (b'"text"', 0),
    (b'{"a": NaN}', 0),
    (b'{"a": Infinity}', 0),
    (b'[' * 100_000, 0),
    (b'{"a":' * 50_000, 0),
    (b'9' * 100_000, 0),
    (b'\xff\xfe', 0),
    (b'\x80\x04\x95cos\nsystem\n.', 0),
    (b'{}', 5),
  )
  def test_invalid_messages(self, text, blob_length):
    # In a thread: some are larger than the socket's buffer.
    content = struct.pack('<QQ', len(text), blob_length) + text
    sending = threading.Thread(target=self.raw.sendall, args=(content,))
    sending.start()
    self.addCleanup(sending.join)
    with self.assertRaises(channel.MalformedError):
      self.channel.receive(4, 5.0)

  @parameterized.parameters((1 << 63, 0), (0, 1 << 63), ((1 << 20) + 1, 0))
  def test_announced_sizes_are_checked_first(self, length, blob_length):
    self.raw.sendall(struct.pack('<QQ', length, blob_length))
    with self.assertRaises(channel.MalformedError):
      self.channel.receive(1000, 5.0)

  def test_the_other_end_closes(self):
    self.raw.sendall(struct.pack('<QQ', 100, 0) + b'{"half')
    self.raw.close()
    with self.assertRaises(channel.ClosedError):
      self.channel.receive(0, 5.0)
    with self.assertRaises(channel.ClosedError):
      for _ in range(3):
        self.channel.send({}, bytes(1 << 20), 5.0)

  def test_the_other_end_is_slow(self):
    # Single bytes must not restart the timeout.
    def drip():
      for byte in struct.pack('<QQ', 10, 0):
        time.sleep(0.1)
        try:
          self.raw.sendall(bytes([byte]))
        except OSError:
          return

    threading.Thread(target=drip, daemon=True).start()
    start = time.monotonic()
    with self.assertRaises(channel.TooSlowError):
      self.channel.receive(0, 0.5)
    self.assertLess(time.monotonic() - start, 1.4)

  def test_the_other_end_does_not_receive(self):
    with self.assertRaises(channel.TooSlowError):
      self.channel.send({}, bytes(8 << 20), 0.2)


if __name__ == '__main__':
  absltest.main()
