# SPDX-License-Identifier: Apache-2.0
"""Starts a real sshd on the loopback interface, with its own keys and cache."""

import functools
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from absl.testing import absltest

# sshd is not on the PATH of a user.
_SSHD = shutil.which('sshd') or shutil.which('sshd', path='/usr/sbin:/sbin')


@functools.cache
def why_absent():
  """Returns why no sshd can be used here; None if one can."""
  for program in ('ssh', 'ssh-keygen'):
    if shutil.which(program) is None:
      return f'{program} is not installed (Debian: openssh-client)'
  if _SSHD is None:
    return 'sshd is not installed (Debian: openssh-server)'
  # sshd changes users and groups, which a sandbox may forbid.
  try:
    sshd = Sshd()
  except RuntimeError as error:
    return str(error)
  try:
    tried = sshd.ssh('true')
    log = (sshd.root / 'log').read_text().strip().splitlines()[-1]
    return f'sshd lets nobody in: {log}' if tried.returncode else None
  finally:
    sshd.stop()


class SshdTestCase(absltest.TestCase):
  """Base class of tests that need an sshd; skips them where none can run."""

  @classmethod
  def setUpClass(cls):
    """Tries to start an sshd, once."""
    super().setUpClass()
    if why_absent():
      raise unittest.SkipTest(why_absent())

  def start_sshd(self, environment=None, settings=()):
    """Returns an `Sshd` that ends with the test."""
    sshd = Sshd(environment, settings)
    self.addCleanup(sshd.stop)
    return sshd


class Sshd:
  """An sshd for the current user; `stop` it."""

  def __init__(self, environment=None, settings=()):
    """Starts the sshd and waits until it answers.

    Args:
      environment: dict, environment variables of the programs it starts, in
        addition to HOME and XDG_CACHE_HOME, which are folders of this sshd.
      settings: more lines for its configuration.
    """
    # Not in the test's folder, because paths of sockets and shebangs must be
    # short.
    self._folder = tempfile.TemporaryDirectory(prefix='sshd-')
    self.root = pathlib.Path(self._folder.name)
    self.home = self.root / 'home'
    self.cache = self.home / '.cache' / 'depth_mai' / 'device'
    self.home.mkdir()
    for name in ('host', 'user', 'stranger'):
      self.make_key(name)
    (self.root / 'authorized').write_text(
      (self.root / 'user.pub').read_text(encoding='ascii'), encoding='ascii'
    )
    with socket.socket() as probe:
      probe.bind(('127.0.0.1', 0))
      self.port = probe.getsockname()[1]
    self._write_known_hosts('host')
    set_env = {
      'HOME': self.home,
      'XDG_CACHE_HOME': self.home / '.cache',
      **(environment or {}),
    }
    lines = [
      'ListenAddress 127.0.0.1',
      f'Port {self.port}',
      f'HostKey {self.root}/host',
      f'AuthorizedKeysFile {self.root}/authorized',
      'PidFile none',
      # The folder is in a shared /tmp, which strict mode refuses.
      'StrictModes no',
      'UsePAM no',
      'SetEnv ' + ' '.join(f'"{k}={v}"' for k, v in set_env.items()),
      *settings,
    ]
    config = self.root / 'sshd_config'
    config.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    if os.getuid() == 0:
      # sshd changes its root to this folder; the service usually creates it.
      os.makedirs('/run/sshd', exist_ok=True)
    self._log = open(self.root / 'log', 'wb')
    self._process = subprocess.Popen(
      [_SSHD, '-D', '-e', '-f', config], stderr=self._log
    )
    self._wait()

  def make_key(self, name):
    """Makes a key pair in the folder."""
    subprocess.run(
      ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', self.root / name],
      check=True,
    )

  def spec(self, identity='user', known_hosts='known_hosts', python=None):
    """Returns a value of --device; python='' leaves out the interpreter."""
    python = sys.executable if python is None else python
    return (
      f'ssh://{getpass.getuser()}@127.0.0.1:{self.port}'
      f'?config=/dev/null&identity={self.root / identity}'
      f'&known_hosts={self.root / known_hosts}'
      + (f'&python={python}' if python else '')
    )

  def ssh(self, command):
    """Runs a command over ssh, without our code; returns the process."""
    return subprocess.run(
      [
        *('ssh', '-F', '/dev/null', '-o', 'BatchMode=yes', '-p'),
        *(str(self.port), '-i', self.root / 'user', '-o'),
        f'UserKnownHostsFile={self.root}/known_hosts',
        *('127.0.0.1', command),
      ],
      stdin=subprocess.DEVNULL,
      capture_output=True,
      text=True,
    )

  def forget_host(self):
    """Empties the file of known hosts."""
    (self.root / 'known_hosts').write_text('', encoding='ascii')

  def mistake_host(self):
    """Writes another key to the file of known hosts."""
    self._write_known_hosts('stranger')

  def processes(self):
    """Returns the command lines of the processes of its sessions."""
    home, lines = f'HOME={self.home}\0'.encode(), []
    for process in pathlib.Path('/proc').glob('[0-9]*'):
      try:
        if home in (process / 'environ').read_bytes():
          lines.append((process / 'cmdline').read_bytes().decode())
      except OSError:
        pass  # It ended meanwhile, or is another user's.
    return lines

  def kill_sessions(self):
    """Kills the processes that serve a connection."""
    pid = self._process.pid
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text()
    for child in children.split():
      os.kill(int(child), 9)

  def stop(self):
    """Ends the sshd and removes its folder."""
    self._process.terminate()
    self._process.wait()
    self._log.close()
    self._folder.cleanup()

  def _write_known_hosts(self, name):
    kind, key = (self.root / f'{name}.pub').read_text().split()[:2]
    (self.root / 'known_hosts').write_text(
      f'[127.0.0.1]:{self.port} {kind} {key}\n', encoding='ascii'
    )

  def _wait(self):
    for _ in range(200):
      if self._process.poll() is not None:
        break
      try:
        socket.create_connection(('127.0.0.1', self.port), 1).close()
        return
      except OSError:
        time.sleep(0.05)
    log = (self.root / 'log').read_text()
    self.stop()
    raise RuntimeError(f'sshd does not start: {log}')
