# SPDX-License-Identifier: Apache-2.0
"""A test with a real server and real connections."""

import contextlib
from http import client
import json
import os
import pathlib
import socket
import time

from absl.testing import parameterized

from depth_mai.judging import request as request_lib
from depth_mai.judging.web import server
from tests.judging.web import small_verdicts


class RealServerTest(parameterized.TestCase):
  """A server that takes files of up to 0.5 MB, two of which may wait.

  Attributes:
    address: of the server.
    clerk: of the server.
    folder: its output folder.
    judge: its judge.
    lines: the lines for its terminal.
  """

  def setUp(self):
    """Starts the server."""
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.judge, self.lines = small_verdicts.Judge(), []
    stack = contextlib.ExitStack()
    self.addCleanup(stack.close)
    self.address, self.clerk = stack.enter_context(
      server.running(
        self.judge,
        request_lib.JudgeRequest(
          '', '/data/rooms', limits=request_lib.Limits(file_mb=0.5)
        ),
        server.Settings(self.folder, port=0, most_waiting=2),
        self.lines.append,
      )
    )

  def ask(self, method, path, body=None, **headers):
    """Returns (status, headers, body)."""
    connection = client.HTTPConnection(*self.address, timeout=20)
    with contextlib.closing(connection):
      headers = {name.replace('_', '-'): text for name, text in headers.items()}
      connection.request(method, path, body, headers)
      answer = connection.getresponse()
      return answer.status, answer.headers, answer.read()

  def ask_json(self, method, path, body=None, **headers):
    """Returns (status, the JSON)."""
    status, found, content = self.ask(method, path, body, **headers)
    self.assertEqual(found['Content-Type'], 'application/json')
    return status, json.loads(content)

  def send(self, data, wait_s=20.0):
    """Sends bytes unchanged; returns the whole answer."""
    with socket.create_connection(self.address, wait_s) as connection:
      connection.sendall(data)
      connection.shutdown(socket.SHUT_WR)
      received = b''
      while chunk := connection.recv(1 << 16):
        received += chunk
    return received

  def ended(self, verdict_id):
    """Returns the JSON of a file, once it has ended."""
    end_s = time.monotonic() + 20.0
    while True:
      _, found = self.ask_json('GET', f'/verdicts/{verdict_id}.json')
      if found['state'] not in ('waiting', 'running'):
        return found
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.01)

  def incoming(self):
    """Returns the files that are not judged yet."""
    return os.listdir(self.folder / 'incoming')
