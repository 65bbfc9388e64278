# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/program.py, in processes as users start them."""

import os
import signal
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

_PROGRAM = """
import os, signal
from absl import flags
from depth_mai import program
_SPLIT = program.flag('split')
_LIMIT = program.flag('limit')
_THREADS = program.flag('threads')
_STORE = program.flag('store', default='/proc/nowhere/default')
_JSON, _OUTPUT_DIR = program.flag('json', 'it'), program.flag('output_dir')
_OWN = program.written(flags.DEFINE_string('own', None, 'A file.'))

def main(argv):
  program.no_arguments(argv)
  print(_SPLIT.value, _LIMIT.value, _THREADS.value)
  if _LIMIT.value == 1:
    raise ValueError('--limit=1 is too small.')
  if _LIMIT.value == 2:
    raise KeyError('a bug')
  if _LIMIT.value == 3:
    os.kill(os.getpid(), signal.SIGINT)
  if _LIMIT.value == 4:
    open('/no/such/\\x1b[31mfile')
  if _LIMIT.value == 5:
    '\\udce9'.encode()
  if _LIMIT.value == 6:
    os.write(1, _JSON.value.encode())
  return 7

program.run(main, error_code=3)
"""


class ProgramTest(parameterized.TestCase):
  def run_program(self, *arguments, program=_PROGRAM):
    """Returns the finished process."""
    return subprocess.run(
      [sys.executable, '-c', program, *arguments],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )

  def test_flags_have_values_and_the_exit_code_is_that_of_main(self):
    done = self.run_program('--split=train', '--limit=8', '--num_threads=4')
    self.assertEqual(done.stdout, 'train 8 4\n', done.stderr)
    self.assertEqual(done.returncode, 7)

  def test_bad_input_is_one_line(self):
    done = self.run_program('--limit=1')
    self.assertEqual(done.stderr, 'error: --limit=1 is too small.\n')
    self.assertEqual(done.returncode, 3)

  def test_a_bug_keeps_its_traceback(self):
    done = self.run_program('--limit=2')
    self.assertIn('Traceback', done.stderr)
    self.assertIn('Please report it', done.stderr)
    self.assertEqual(done.returncode, 1)

  def test_ctrl_c_is_one_word(self):
    done = self.run_program('--limit=3')
    self.assertEqual(done.stderr, 'Interrupted.\n')
    self.assertEqual(done.returncode, 130)

  def test_ctrl_c_before_the_program_runs_is_one_word(self):
    # The first import of a program, which stands for that of TensorFlow.
    folder = self.create_tempdir()
    folder.create_file(
      'absl.py', 'import os, signal; os.kill(os.getpid(), signal.SIGINT)'
    )
    paths = [folder.full_path, *filter(None, sys.path)]
    done = subprocess.run(
      [sys.executable, '-m', 'depth_mai.summary'],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(done.stderr, 'Interrupted.\n')
    self.assertEqual(done.returncode, -signal.SIGINT)

  @parameterized.parameters(
    ('train --gin_file=x.gin --workdir=x', 'tensorflow', '[train]', 1),
    ('summary', 'absl', '', 1),
    ('judge', 'numpy', '', 2),  # Its code 1 means a rejected file.
  )
  def test_a_package_that_is_missing_is_one_line(
    self, command, package, extra, code
  ):
    missing = f'No module named {package!r}'
    folder = self.create_tempdir()
    folder.create_file(
      f'{package}.py',
      f'raise ModuleNotFoundError({missing!r}, name={package!r})',
    )
    paths = [folder.full_path, *filter(None, sys.path)]
    done = subprocess.run(
      [sys.executable, '-m', *f'depth_mai.{command}'.split()],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(
      done.stderr,
      f"error: {missing}. Run pip install '.{extra}' in the checkout.\n",
    )
    self.assertEqual(done.returncode, code)

  def test_errors_of_the_system_are_one_line(self):
    for limit, line in (
      (4, r'error: /no/such/\\x1b\[31mfile: No such file or directory\. .*\n'),
      (5, r'error: A name or a text is not valid Unicode .*\n'),
    ):
      with self.subTest(limit):
        done = self.run_program(f'--limit={limit}')
        self.assertRegex(done.stderr, rf'\A{line}\Z')
        self.assertEqual(done.returncode, 3)

  def test_outputs_are_tried_before_the_program_starts(self):
    folder = self.create_tempdir()
    file = folder.create_file('file').full_path
    for flag in ('json', 'output_dir', 'store', 'own'):
      with self.subTest(flag):
        done = self.run_program(f'--{flag}={file}/new/x')
        self.assertRegex(
          done.stderr,
          rf'\Aerror: --{flag}={file}/new/x cannot be written. {file}: .*\n\Z',
        )
        self.assertEmpty(done.stdout)
        self.assertEqual(done.returncode, 3)
    place = f'{folder.full_path}/new/x'
    done = self.run_program(
      *(f'--{flag}={place}' for flag in ('json', 'output_dir', 'store', 'own'))
    )
    self.assertEqual(done.returncode, 7, done.stderr)
    self.assertEqual(os.listdir(folder.full_path), ['file'])

  def test_an_output_without_a_name_is_refused(self):
    done = self.run_program('--json=')
    self.assertEqual(
      done.stderr, 'error: --json is empty. Give a path, or leave it out.\n'
    )
    self.assertEqual(done.returncode, 3)

  def test_the_home_folder_of_an_output(self):
    home = self.create_tempdir().full_path
    with mock.patch.dict(os.environ, HOME=home):
      done = self.run_program('--limit=6', '--json=~/a.json')
    self.assertIn(f'{home}/a.json', done.stdout)

  def test_a_wrong_flag_is_one_line(self):
    for argument in ('--limit=0', '--limit=many', '--bogus'):
      with self.subTest(argument):
        done = self.run_program(argument)
        self.assertRegex(
          done.stderr, r'\Aerror: .*--help lists the flags\.\n\Z'
        )
        self.assertEqual(done.returncode, 3)

  def test_a_required_flag_is_named(self):
    program = _PROGRAM.replace("flag('limit')", "flag('limit', required=True)")
    self.assertNotEqual(program, _PROGRAM)
    done = self.run_program(program=program)
    self.assertEqual(
      done.stderr, 'error: --limit is missing. --help lists the flags.\n'
    )

  def test_arguments_that_are_no_flags_are_refused(self):
    done = self.run_program('train')
    self.assertRegex(
      done.stderr, r"\Aerror: Unexpected arguments \['train'\].*\n\Z"
    )
    self.assertEqual(done.returncode, 3)

  def test_help_lists_the_shared_flags(self):
    done = self.run_program('--help')
    self.assertIn('--split', done.stdout)
    self.assertIn('--limit', done.stdout)


class OutputFlagsTest(parameterized.TestCase):
  """Starts the programs that need no TensorFlow for it."""

  @parameterized.parameters(
    ('depth_mai.benchmark --model=icl', 'json'),
    ('depth_mai.benchmark --model=icl', 'store'),
    ('depth_mai.evaluate --model=icl --data_dir=.', 'json'),
    ('depth_mai.evaluate --model=icl --data_dir=.', 'pictures_dir'),
    ('depth_mai.judge a.tflite --data_dir=.', 'json'),
    ('depth_mai.judge a.tflite --data_dir=.', 'pictures_dir'),
    ('depth_mai.judge --serve --data_dir=.', 'output_dir'),
    ('depth_mai.leaderboard --models_dir=. --data_dir=.', 'output_dir'),
    ('depth_mai.predict --model=icl a.png', 'output_dir'),
    ('depth_mai.summary --model=icl', 'json'),
    ('depth_mai.report.curves .', 'output'),
    ('depth_mai.devices.emulated_pi4.calibrate --table=a.csv', 'output'),
    ('depth_mai.devices.emulated_pi4.setup', 'dir'),
    ('depth_mai.devices.tflite_2_5.setup', 'dir'),
    ('depth_mai.datasets.mai_depth.prepare --data_dir=.', 'records_dir'),
    ('depth_mai.datasets.procedural_rooms.write', 'output_dir'),
    ('depth_mai.datasets.rgbd_folder.prepare --source=.', 'output_dir'),
    ('depth_mai.datasets.rgbd_folder.prepare --source=.', 'preview'),
    ('depth_mai.datasets.rgbd_folder.prepare --source=.', 'write_description'),
  )
  def test_an_output_that_cannot_be_written(self, command, flag):
    file = self.create_tempfile().full_path
    arguments = [*command.split(), f'--{flag}={file}/x']
    done = subprocess.run(
      [sys.executable, '-m', *arguments],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertRegex(
      done.stderr,
      rf'\Aerror: --{flag}={file}/x cannot be written. {file}: Not a dir.*\n\Z',
    )
    self.assertEqual(done.returncode, 2 if 'judge' in command else 1)


if __name__ == '__main__':
  absltest.main()
