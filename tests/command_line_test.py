# SPDX-License-Identifier: Apache-2.0
"""Tests of the command `depth-mai`."""

import configparser
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai import command_line
from tests import imports_test

_ROOT = pathlib.Path(__file__).resolve().parent.parent
# What pip writes as bin/depth-mai; ends with the modules that were imported.
_COMMAND = """
import atexit, sys
from depth_mai.command_line import main
atexit.register(lambda: print(
  sorted({'keras', 'numpy', 'tensorflow'} & set(sys.modules)), file=sys.stderr
))
sys.argv[0] = 'depth-mai'
sys.exit(main())
"""
_ENVIRONMENT = {
  **os.environ,
  'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
}


def _run(*arguments):
  return subprocess.run(
    [sys.executable, '-c', _COMMAND, *arguments],
    env=_ENVIRONMENT,
    cwd=_ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


class CommandLineTest(parameterized.TestCase):
  def test_all_programs_are_there(self):
    programs = {
      name
      for name in imports_test._programs()
      if not name.startswith('benchmarks.')
    }
    self.assertSameElements(command_line.PROGRAMS, programs)

  def test_setup_installs_the_command(self):
    setup = configparser.ConfigParser()
    setup.read(_ROOT / 'setup.cfg')
    self.assertEqual(
      setup['options.entry_points']['console_scripts'].strip(),
      'depth-mai = depth_mai.command_line:main',
    )

  @parameterized.parameters((), ('--help',), ('help',))
  def test_the_overview_imports_nothing_heavy(self, *arguments):
    done = _run(*arguments)
    self.assertEqual((done.returncode, done.stderr), (0, '[]\n'))
    self.assertRegex(done.stdout, r'\n  predict +Predicts the depth of pic')
    for line in done.stdout.splitlines()[2:-2]:
      self.assertRegex(line, r'^  [a-z0-9_.]+ +[A-Z].*\.$')

  def test_a_program_runs_as_by_its_module(self):
    for arguments in (
      ['summary', '--model=tcl'],
      ['summary', '--help'],
      ['predict', '--modle=tcl'],
      ['predict', 'a.jpg'],
    ):
      done = _run(*arguments)
      name, *rest = arguments
      expected = subprocess.run(
        [sys.executable, '-m', f'depth_mai.{name}', *rest],
        env=_ENVIRONMENT,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
      )
      self.assertEqual(done.returncode, expected.returncode)
      self.assertEqual(done.stdout, expected.stdout)
      stderr = done.stderr.rpartition('[')[0]
      self.assertEqual(stderr, expected.stderr)

  def test_a_hyphen_stands_for_an_underscore(self):
    done = _run('devices.emulated-pi4.setup', '--help')
    self.assertIn('--dir', done.stdout)

  def test_a_missing_package_is_one_sentence(self):
    code = "import sys; sys.modules['absl'] = None\n" + _COMMAND
    done = subprocess.run(
      [sys.executable, '-c', code, 'judge'],
      env=_ENVIRONMENT,
      cwd=_ROOT,
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, r'^error: import of absl.*\. Run pip install')

  def test_an_unknown_program(self):
    done = _run('prdict', '--model=tcl')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
      done.stderr,
      "^error: depth-mai has no program 'prdict'. Did you mean predict",
    )


if __name__ == '__main__':
  absltest.main()
