# SPDX-License-Identifier: Apache-2.0
"""Tests setting up a board through a real sshd and with the real pip."""

import base64
import configparser
import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import venv
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices.ssh import address
from depth_mai.devices.ssh import board
from depth_mai.devices.ssh import connection
from tests.devices.ssh import loopback
from tests.runtime import tiny_model

_SETUP = pathlib.Path(__file__).resolve().parents[3] / 'setup.cfg'


def _wheel(folder, name, version, files):
  """Writes a wheel by hand, because tests must not need the network."""
  about = f'{name}-{version}.dist-info'
  files = {
    **files,
    f'{about}/METADATA': (
      f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
    ),
    f'{about}/WHEEL': (
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n'
      'Tag: py3-none-any\n'
    ),
  }
  record = ''
  for path, text in files.items():
    digest = hashlib.sha256(text.encode()).digest()
    digest = base64.urlsafe_b64encode(digest).rstrip(b'=').decode()
    record += f'{path},sha256={digest},{len(text)}\n'
  files[f'{about}/RECORD'] = record + f'{about}/RECORD,,\n'
  with zipfile.ZipFile(
    folder / f'{name}-{version}-py3-none-any.whl', 'w'
  ) as wheel:
    for path, text in files.items():
      wheel.writestr(path, text)


class BoardTest(loopback.SshdTestCase):
  def _start(self, environment=None):
    return self.start_sshd(
      {'PIP_NO_INDEX': 1, 'PIP_CONFIG_FILE': '/dev/null', **(environment or {})}
    )

  @contextlib.contextmanager
  def _set_up(self, spec, lines=None):
    where = address.parse(spec)
    report = [].append if lines is None else lines.append
    with connection.Connection(where, report) as session:
      yield board.Board(session, where)

  def _refusal(self, spec):
    with self.assertRaises(ValueError) as raised, self._set_up(spec) as there:
      there.describe_machine()
    return str(raised.exception)

  def _wheels(self):
    """Returns a folder of wheels that refer to this environment's packages."""
    folder = pathlib.Path(self.create_tempdir().full_path)
    packages = str(pathlib.Path(np.__file__).parent.parent)
    _wheel(folder, 'numpy', '2.3.5', {'this_environment.pth': packages + '\n'})
    _wheel(folder, 'ai_edge_litert', '2.3.0', {})
    return folder

  def test_makes_a_virtual_environment_once(self):
    sshd = self._start({'PIP_FIND_LINKS': self._wheels()})
    lines = []
    with self._set_up(self._own_python(sshd), lines) as there:
      machine = there.describe_machine()
    self.assertEqual(machine['runtime'], 'ai-edge-litert')
    self.assertLen(lines, 2)
    self.assertIn('makes the virtual environment', lines[0])
    self.assertIn('installs ai-edge-litert', lines[1])
    (environment,) = (sshd.cache / 'venvs').iterdir()
    # pip installed the package.
    self.assertNotEmpty(list(environment.rglob('ai_edge_litert-*.dist-info')))
    # Neither the environment nor the package is made again.
    files = _files(sshd.cache)
    with self._set_up(self._own_python(sshd), lines) as there:
      self.assertEqual(there.describe_machine(), machine)
    self.assertLen(lines, 2)
    self.assertEqual(_files(sshd.cache), files)
    self.assertFalse((sshd.cache / 'unfinished').exists())
    # A damaged environment is named in the error.
    (environment / 'bin' / 'python').unlink()
    self.assertIn(str(environment), self._refusal(self._own_python(sshd)))

  def _own_python(self, sshd):
    """Returns a spec without python=, with this Python first on the PATH."""
    if not 11 <= sys.version_info.minor <= 13:
      self.skipTest('a board needs Python 3.11 to 3.13')
    folder = sshd.root / 'bin'
    if not folder.exists():
      folder.mkdir()
      (folder / 'python3').symlink_to(os.path.realpath(sys.executable))
      # bash reads this file; the log-in shell may set another PATH.
      (sshd.home / '.bashrc').write_text(f'PATH={folder}:$PATH\n')
    return sshd.spec(python='')

  def test_pip_fails(self):
    sshd = self._start()
    message = self._refusal(self._own_python(sshd))
    self.assertIn('pip cannot install the packages', message)
    # It has pip's message and says what to do.
    self.assertIn('No matching distribution found for ai-edge-litert', message)
    self.assertIn('The board needs the network this once', message)
    self.assertFalse((sshd.cache / 'venvs').exists())
    self.assertFalse((sshd.cache / 'unfinished').exists())
    self.assertEmpty(sshd.processes())

  def test_python_without_packages(self):
    bare = pathlib.Path(self.create_tempdir().full_path) / 'bare'
    venv.create(bare)
    sshd = self._start()
    message = self._refusal(sshd.spec(python=bare / 'bin' / 'python'))
    self.assertRegex(
      message, "bare.* cannot measure; it says: .*No module named 'numpy'"
    )
    self.assertIn('leave out ?python=', message)

  @contextlib.contextmanager
  def _small_disk(self, sshd, size):
    """Mounts a small disk as the home folder."""
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'none', sshd.home]
    try:
      subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
      self.skipTest(f'only root can mount a small disk: {error}')
    try:
      yield
    finally:
      subprocess.run(['umount', sshd.home], check=True)

  def test_disk_full_before_the_start(self):
    sshd = self._start()
    with self._small_disk(sshd, '8k'):
      message = self._refusal(sshd.spec())
      self.assertRegex(message, 'its disk is full: .*No space left')
      self.assertRegex(message, r'0\.0 MB are free in .*depth_mai/device')
      self.assertEmpty(_files(sshd.cache) - {'lock'})

  def test_disk_full_at_the_device_package(self):
    sshd = self._start()
    with self._small_disk(sshd, '36k'):
      message = self._refusal(sshd.spec())
      self.assertRegex(message, 'copying the device package: its disk is full')
      self.assertEmpty(_files(sshd.cache) - {'lock'})

  def test_disk_full_at_the_model(self):
    sshd = self._start()
    with self._small_disk(sshd, '1M'):
      with self._set_up(sshd.spec()) as there:
        # Twice, because the first failure must leave the connection usable.
        for _ in range(2):
          with self.assertRaisesRegex(
            ValueError, 'copying m.tflite: its disk is full'
          ):
            there.put('m.tflite', b'\n' * 3_000_000)
        self.assertNotEmpty(there.put('m.tflite', b'small'))
      self.assertFalse((sshd.cache / 'unfinished').exists())
      self.assertLen(os.listdir(sshd.cache / 'packages'), 1)

  def test_disk_too_small_for_the_environment(self):
    sshd = self._start()
    with self._small_disk(sshd, '20M'):
      message = self._refusal(self._own_python(sshd))
    self.assertIn(f'{board.NEEDED_BYTES / 1e6:.0f} MB are needed', message)


def _files(folder):
  return {
    str(path.relative_to(folder))
    for path in folder.rglob('*')
    if path.is_file() and '__pycache__' not in path.parts
  }


def _facts(machine='aarch64', bits=64, python='3.11.2', **others):
  return {
    'machine': machine,
    'bits': bits,
    'python': python,
    'system': 'Linux',
    'libc': 'glibc 2.36',
    **others,
  }


class PackageFilesTest(absltest.TestCase):
  def test_files_are_enough_to_measure(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    files = board.package_files()
    for path, text in files.items():
      target = root / path
      target.parent.mkdir(parents=True, exist_ok=True)
      target.write_text(text, encoding='utf-8')
    (root / 'm.tflite').write_bytes(tiny_model.float_model())
    request = {
      'path': str(root / 'm.tflite'),
      'num_threads': 1,
      'xnnpack': True,
      'warmup': 1,
      'runs': 1,
      'cpus': [],
    }
    # The checkout is neither the working folder nor on the path.
    done = subprocess.run(
      [sys.executable, '-m', 'depth_mai.runtime.configuration']
      + [json.dumps(request)],
      cwd=root,
      env={**os.environ, 'PYTHONPATH': str(root)},
      capture_output=True,
      text=True,
    )
    self.assertIn('"median_ms"', done.stdout, done.stderr)
    self.assertIn('depth_mai/__init__.py', files)
    # A few modules, not the whole package.
    self.assertLess(sum(map(len, files.values())), 150_000)
    self.assertTrue(all(path.startswith('depth_mai/') for path in files))

  def test_key_depends_on_the_content(self):
    files = board.package_files()
    self.assertEqual(
      board.key(files),
      board.key(dict(reversed(files.items()))),
    )
    changed = {**files, 'depth_mai/__init__.py': 'changed'}
    self.assertNotEqual(board.key(files), board.key(changed))


class RequirementsTest(parameterized.TestCase):
  @parameterized.parameters(
    ('aarch64', 64), ('x86_64', 64), ('armv7l', 32), ('aarch64', 32)
  )
  def test_requirements_match_setup_cfg(self, machine, bits):
    if not _SETUP.exists():
      self.skipTest('setup.cfg is not here')
    setup = configparser.ConfigParser()
    setup.read(_SETUP)
    lines = setup['options']['install_requires'].splitlines()
    wanted = board.requirements(_facts(machine, bits))
    self.assertContainsSubset(
      wanted, [line.partition(';')[0].strip() for line in lines]
    )
    # Only the interpreter and NumPy: a board reads no pictures.
    self.assertLen(wanted, 2)

  def test_32_bit_needs_an_older_numpy(self):
    # The last release of tflite-runtime was built before NumPy 2.
    wanted = board.requirements(_facts('armv7l', 32))
    self.assertStartsWith(wanted[0], 'tflite-runtime==')
    self.assertEndsWith(wanted[1], '<2')

  @parameterized.parameters(
    (_facts('armv7l', 32, '3.13.5'), 'only for Python 3.11.*64-bit'),
    (_facts('armv6l', 32), 'no wheels for a 32-bit Python 3.11.2 on armv6l'),
    (_facts('riscv64'), 'no wheels for a 64-bit Python 3.11.2 on riscv64'),
    (_facts(libc=''), 'with glibc, not.*another C library'),
    (_facts(system='Darwin'), 'only for Linux with glibc.*Darwin'),
  )
  def test_no_wheels(self, facts, message):
    with self.assertRaisesRegex(ValueError, message):
      board.requirements(facts)


if __name__ == '__main__':
  absltest.main()
