# SPDX-License-Identifier: Apache-2.0
"""Tests connections to a real sshd, and the messages when they fail."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys

from absl.testing import absltest

from depth_mai.devices.ssh import address
from depth_mai.devices.ssh import connection
from tests.devices.ssh import loopback


class ConnectionTest(loopback.SshdTestCase):
  def _connect(self, spec, lines=None):
    report = [].append if lines is None else lines.append
    return connection.Connection(address.parse(spec), report)

  def _refusal(self, spec):
    with self.assertRaises(ValueError) as raised:
      with self._connect(spec):
        self.fail('it was let in')
    message = str(raised.exception)
    self.assertStartsWith(message, 'ssh://')
    return message

  def _assert_nothing_there(self, sshd):
    self.assertEmpty(os.listdir(sshd.home))
    self.assertEmpty(sshd.processes())

  def test_orders_and_answers(self):
    sshd = self.start_sshd()
    with self._connect(sshd.spec()) as session:
      self.assertEqual(session.facts['executable'], sys.executable)
      self.assertEqual(session.facts['root'], str(sshd.cache))
      done = session.order(
        'trying',
        30,
        'run',
        command=['sh', '-c', 'echo $X'],
        environment={'X': 'äöü'},
        timeout_s=30,
      )
      self.assertEqual(done['stdout'], 'äöü\n')
      with self.assertRaisesRegex(
        ValueError, 'ssh://.*, trying: its system says: .*no/such'
      ):
        session.order(
          'trying', 9, 'run', command=['/no/such'], environment={}, timeout_s=9
        )
    self.assertEmpty(sshd.processes())

  def test_output_at_login_is_skipped(self):
    if not shutil.which('bash') or not _shell().endswith('bash'):
      self.skipTest('the log-in shell is not bash, which reads .bashrc')
    sshd = self.start_sshd()
    (sshd.home / '.bashrc').write_text('echo Welcome; printf "to the board"\n')
    with self._connect(sshd.spec()) as session:
      self.assertNotEmpty(session.facts)

  def test_names_in_the_home_folder_do_no_harm(self):
    sshd = self.start_sshd()
    (sshd.home / 'json.py').write_text('raise SystemExit("mine")\n')
    with self._connect(sshd.spec()) as session:
      done = session.order(
        'trying',
        30,
        'run',
        command=[sys.executable, '-c', 'import json'],
        environment={},
        timeout_s=30,
      )
    self.assertEqual(done['returncode'], 0, done)

  def test_unknown_host_key(self):
    sshd = self.start_sshd()
    sshd.forget_host()
    message = self._refusal(sshd.spec())
    self.assertIn('its host key is not known', message)
    # The suggested command works.
    cure = message.rpartition('trust: ')[2]
    self.assertStartsWith(cure, f'ssh-keyscan -p {sshd.port} 127.0.0.1 >> ')
    self._assert_nothing_there(sshd)
    subprocess.run(cure, shell=True, check=True, capture_output=True)
    with self._connect(sshd.spec()) as session:
      self.assertNotEmpty(session.facts)

  def test_changed_host_key(self):
    sshd = self.start_sshd()
    sshd.mistake_host()
    message = self._refusal(sshd.spec())
    self.assertIn('its host key differs from the known one', message)
    self.assertRegex(message, f'ssh-keygen -f .* -R .*127.0.0.1.:{sshd.port}')
    self._assert_nothing_there(sshd)

  def test_configuration_cannot_switch_host_keys_off(self):
    sshd = self.start_sshd()
    sshd.forget_host()
    config = sshd.root / 'careless'
    config.write_text('Host *\n  StrictHostKeyChecking no\n')
    spec = sshd.spec().replace('config=/dev/null', f'config={config}')
    self.assertIn('its host key is not known', self._refusal(spec))

  def test_wrong_key(self):
    sshd = self.start_sshd()
    message = self._refusal(sshd.spec(identity='stranger'))
    self.assertIn('accepts none of your keys', message)
    self.assertRegex(message, f'ssh-copy-id -i .*stranger -p {sshd.port} ')
    self._assert_nothing_there(sshd)

  def test_password_only(self):
    sshd = self.start_sshd(
      settings=['PubkeyAuthentication no', 'PasswordAuthentication yes']
    )
    message = self._refusal(sshd.spec())
    self.assertIn('passwords are not used', message)
    self._assert_nothing_there(sshd)

  def test_nothing_listens(self):
    with socket.socket() as taken:
      taken.bind(('127.0.0.1', 0))
      port = taken.getsockname()[1]
      message = self._refusal(f'ssh://127.0.0.1:{port}?config=/dev/null')
    self.assertIn(f'nothing listens on port {port}', message)

  def test_something_else_listens(self):
    with socket.create_server(('127.0.0.1', 0)) as server:
      port = server.getsockname()[1]
      pid = os.fork()
      if not pid:
        server.accept()[0].close()
        os._exit(0)
      message = self._refusal(f'ssh://127.0.0.1:{port}?config=/dev/null')
      os.waitpid(pid, 0)
    self.assertIn('ssh cannot connect; it says:', message)

  def test_ssh_is_not_installed(self):
    with absltest.mock.patch.dict(os.environ, {'PATH': '/no/such'}):
      self.assertIn('ssh is not installed here', self._refusal('ssh://board'))

  def _programs(self, *names):
    """Returns a folder with the named programs, for a PATH."""
    folder = pathlib.Path(self.create_tempdir().full_path)
    for name in names:
      (folder / name).symlink_to(shutil.which(name))
    return folder

  def test_no_python(self):
    path = self._programs('sh', 'cut')
    sshd = self.start_sshd({'PATH': path})
    message = self._refusal(sshd.spec(python=''))
    self.assertIn('there is no python3', message)
    self.assertIn('apt-get install python3', message)
    self._assert_nothing_there(sshd)
    message = self._refusal(sshd.spec(python='/no/python'))
    self.assertIn('there is no /no/python', message)

  def test_old_python(self):
    path = self._programs('sh', 'cut')
    python = path / 'python3'
    # It answers like python3 of Raspberry Pi OS Bullseye.
    python.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    python.chmod(0o755)
    sshd = self.start_sshd({'PATH': path})
    message = self._refusal(sshd.spec(python=''))
    self.assertRegex(message, 'its Python is 3.9.2; 3.11 or newer, below 3.14')
    self.assertIn('Bookworm', message)
    self._assert_nothing_there(sshd)

  def test_chooses_a_suitable_python(self):
    path = self._programs('sh', 'cut')
    (path / 'python3').write_text('#!/bin/sh\nexit 1\n')
    (path / 'python3').chmod(0o755)
    (path / 'python3.12').symlink_to(sys.executable)
    sshd = self.start_sshd({'PATH': path})
    with self._connect(sshd.spec(python='')) as session:
      self.assertEqual(session.facts['executable'], str(path / 'python3.12'))

  def test_log_in_is_not_allowed(self):
    sshd = self.start_sshd(settings=['ForceCommand echo not for you; exit 3'])
    message = self._refusal(sshd.spec())
    self.assertRegex(message, 'ended with code 3 .* it says: not for you')


def _shell():
  import pwd  # Not on every system; where sshd is, it is.

  return pwd.getpwuid(os.getuid()).pw_shell


if __name__ == '__main__':
  absltest.main()
