# SPDX-License-Identifier: Apache-2.0
"""The command `depth-mai`: starts a program by its name.

    depth-mai predict photo.jpg --output_dir=depth

is `python -m depth_mai.predict photo.jpg --output_dir=depth`. Without a name it
lists the programs, none of which it imports for that.
"""

import ast
import importlib.util
import pathlib
import runpy
import sys

from depth_mai.files import near_names

# The modules of depth_mai that are programs, in the order of the README.
PROGRAMS = (
  'predict',
  'train',
  'pretrain_segmentation',
  'label',
  'evaluate',
  'convert',
  'benchmark',
  'judge',
  'leaderboard',
  'summary',
  'publish',
  'report.curves',
  'datasets.mai_depth.prepare',
  'datasets.rgbd_folder.prepare',
  'datasets.procedural_rooms.write',
  'devices.emulated_pi4.setup',
  'devices.emulated_pi4.shell',
  'devices.emulated_pi4.calibrate',
  'devices.tflite_2_5.setup',
)
_HELP = ('-h', '--help', '-help', 'help')
_WRONG_USE_CODE = 2


def main() -> int:
  """Runs `depth-mai NAME ARGUMENT...` and returns the exit code.

  A program ends the process itself. Hyphens in NAME stand for underscores.
  """
  name, *arguments = sys.argv[1:] or ['--help']
  if name in _HELP:
    print(_overview())
    return 0
  program = name.replace('-', '_')
  if program not in PROGRAMS:
    hint = near_names.hint(program, PROGRAMS)
    print(
      f'error: depth-mai has no program {name!r}. {hint} All are listed by '
      'depth-mai --help.',
      file=sys.stderr,
    )
    return _WRONG_USE_CODE
  module = f'depth_mai.{program}'
  # As `python -m` sets them: runpy replaces the first argument by the file, and
  # depth_mai/__init__.py explains what fails while modules are imported.
  sys.argv = ['-m', *arguments]
  sys.orig_argv = [sys.executable, '-m', module, *arguments]
  sys.excepthook = sys.modules['depth_mai']._report_early
  runpy.run_module(module, run_name='__main__', alter_sys=True)
  return 0


def _overview() -> str:
  """Returns the programs with the first line of each one's text."""
  lines = ['Usage: depth-mai PROGRAM [ARGUMENT...]', '']
  width = max(map(len, PROGRAMS))
  lines += [f'  {name:{width}}  {_description(name)}' for name in PROGRAMS]
  return '\n'.join([*lines, '', 'depth-mai PROGRAM --help lists its flags.'])


def _description(program: str) -> str:
  """Returns what a program does, read from its file."""
  spec = importlib.util.find_spec(f'depth_mai.{program}')
  assert spec is not None and spec.origin is not None, program
  source = pathlib.Path(spec.origin).read_text(encoding='utf-8')
  text = ast.get_docstring(ast.parse(source)) or ''
  return text.partition('\n')[0]
