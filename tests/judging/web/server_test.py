# SPDX-License-Identifier: Apache-2.0
"""Tests of starting and of every way to stop."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
from unittest import mock
from urllib import request as url_request

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import request as request_lib
from depth_mai.judging.web import server
from tests.judging.web import small_verdicts
from tests.ranking import small_contest

# Serves in a process of its own, where a signal has a main thread.
_PROGRAM = """
import sys
from depth_mai.judging import request
from depth_mai.judging.web import server
from tests.judging.web import small_verdicts

server.serve(
  small_verdicts.Judge(),
  request.JudgeRequest('', sys.argv[2]),
  server.Settings(sys.argv[1], port=0),
  lambda line: print(line, flush=True),
)
print('Done.', flush=True)
"""
# An upload that never ends.
_BEGUN = (
  b'POST /judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab'
)


def _running(folder, port=0, **rest):
  return server.running(
    small_verdicts.Judge(),
    request_lib.JudgeRequest('', '/data/rooms'),
    server.Settings(folder, port, **rest),
    lambda _: None,
  )


class ServeTest(parameterized.TestCase):
  @parameterized.parameters(signal.SIGINT, signal.SIGTERM)
  def test_until_it_is_stopped(self, number):
    folder = self.create_tempdir().full_path
    data_dir = self.create_tempdir().full_path
    small_contest.write_data(pathlib.Path(data_dir))
    with subprocess.Popen(
      [sys.executable, '-c', _PROGRAM, folder, data_dir],
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      cwd=pathlib.Path(__file__).parents[3],
    ) as program:
      self.addCleanup(program.kill)
      first = program.stdout.readline()
      url = re.fullmatch(
        r'Judging at (http://127\.0\.0\.1:\d+/) on 3 pictures .*\n', first
      )[1]
      opener = url_request.build_opener(url_request.ProxyHandler({}))
      # One is being judged, one waits, one is on its way.
      for _ in range(2):
        with opener.open(f'{url}judge', b'slow', timeout=20) as answer:
          self.assertEqual(answer.status, 202)
      port = int(url.split(':')[2].rstrip('/'))
      with socket.create_connection(('127.0.0.1', port)) as connection:
        connection.sendall(_BEGUN)
        program.send_signal(number)
        output, _ = program.communicate(timeout=30)
    self.assertEqual(program.returncode, 0, output)
    self.assertEqual(
      output, 'Stopping: files without a verdict are discarded.\nDone.\n'
    )
    self.assertEqual(os.listdir(folder), ['lock'])

  def test_a_limit_above_the_number_of_pictures_is_none(self):
    data_dir = self.create_tempdir().full_path
    small_contest.write_data(pathlib.Path(data_dir))
    for limit, kept in ((None, None), (2, 2), (3, None), (500, None)):
      request = request_lib.JudgeRequest('', data_dir, limit=limit)
      with mock.patch.object(server, 'running') as running:
        running.side_effect = ValueError('enough')
        with self.assertRaisesRegex(ValueError, 'enough'):
          server.serve(
            small_verdicts.Judge(), request, server.Settings('nowhere')
          )
      self.assertEqual(running.call_args.args[1].limit, kept)

  def test_a_required_sandbox_is_checked_at_the_start(self):
    data_dir = self.create_tempdir().full_path
    small_contest.write_data(pathlib.Path(data_dir))
    for request, devices, message in (
      ({'device': 'emulated_pi4'}, (), '--device=emulated_pi4'),
      ({}, ('ssh://pi@board',), '--device=ssh://pi@board'),
    ):
      folder = pathlib.Path(self.create_tempdir().full_path)
      with self.assertRaisesRegex(ValueError, f'--require_sandbox: {message}'):
        server.serve(
          small_verdicts.Judge(),
          request_lib.JudgeRequest(
            '', data_dir, require_sandbox=True, **request
          ),
          server.Settings(folder / 'out', 0, devices=devices),
        )
      self.assertEmpty(os.listdir(folder))

  def test_unusable_settings_are_refused_at_the_start(self):
    data_dir = self.create_tempdir().full_path
    small_contest.write_data(pathlib.Path(data_dir))
    for request, devices, message in (
      (request_lib.JudgeRequest('', data_dir, 'train'), (), "no split 'train'"),
      (request_lib.JudgeRequest('', data_dir), ('toaster',), 'toaster'),
      (request_lib.JudgeRequest('', data_dir, device='radio'), (), 'radio'),
    ):
      folder = pathlib.Path(self.create_tempdir().full_path)
      with self.assertRaisesRegex(ValueError, message):
        server.serve(
          small_verdicts.Judge(),
          request,
          server.Settings(folder / 'out', 0, devices=devices),
        )
      self.assertEmpty(os.listdir(folder))


class RunningTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def test_this_machine_only(self):
    with _running(self.folder) as (address, _):
      self.assertEqual(address.host, '127.0.0.1')
    with self.assertRaises(ConnectionRefusedError):
      socket.create_connection(address)

  def test_port_that_is_taken(self):
    with socket.create_server(('127.0.0.1', 0)) as other:
      port = other.getsockname()[1]
      with self.assertRaisesRegex(ValueError, f'port {port} .*another --port'):
        with _running(self.folder, port):
          pass
    with _running(self.folder, port):  # The folder is free again, too.
      pass

  def test_folder_that_is_taken(self):
    with _running(self.folder):
      with self.assertRaisesRegex(ValueError, 'another --output_dir'):
        with _running(self.folder):
          pass

  def test_without_flask(self):
    with mock.patch.dict('sys.modules', {'flask': None}):
      with self.assertRaisesRegex(ValueError, r"pip install '.\[judge"):
        with _running(self.folder):
          pass
    with _running(self.folder):  # The folder is free again.
      pass

  @parameterized.parameters(
    ({'port': -1}, '--port'), ({'port': 65536}, '--port')
  )
  def test_settings(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      server.Settings(self.folder, **settings)
    with self.assertRaisesRegex(ValueError, 'most_waiting'):
      server.Settings(self.folder, most_waiting=0)


if __name__ == '__main__':
  absltest.main()
