# SPDX-License-Identifier: Apache-2.0
"""Defines the flags that several programs have, and runs their main functions.

A flag of a single program is defined there with `absl.flags`.
"""

from collections.abc import Callable
from collections.abc import Sequence
import functools
import os
import re
import sys
from typing import Any

from absl import app
from absl import flags

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import failures
from depth_mai.files import output_streams

# Raised for bad input and for a training that diverged: their text is for the
# user. files/failures.py explains other errors; what it does not know is a bug
# and shows its traceback.
_EXPECTED_ERRORS = (ValueError, FloatingPointError, app.UsageError)
# How absl says that a required flag is not given.
_MISSING_FLAG = re.compile(
  r'flag --(\w+)=None: Flag --\w+ must have a value other than None'
)
_INTERRUPTED_CODE = 130  # 128 + SIGINT, as in shells.

_STRING, _STRINGS = flags.DEFINE_string, flags.DEFINE_multi_string
_POSITIVE = functools.partial(flags.DEFINE_integer, lower_bound=1)
# Name -> (kind, default, help). A program completes the help where it has {}.
_FLAGS: dict[str, tuple[Callable, Any, str]] = {
  'accept_changed_data': (
    flags.DEFINE_bool,
    False,
    'Go on with the run in --workdir although pictures or depth maps were '
    'added, removed or changed since it last started.',
  ),
  'data_dir': (
    _STRING,
    None,
    '{} Give a folder with {{train,validation}}/{{rgb,depth}}, a prepared tfds '
    'folder, or procedural_rooms for the built-in data set.',
  ),
  'device': (_STRING, 'local', '{}'),
  'gin_file': (
    _STRINGS,
    None,
    'Configuration file, e.g. gin_configs/tcl.gin.',
  ),
  'gin_param': (
    _STRINGS,
    [],
    "A single setting that overrides the files, e.g. 'train.epochs = 2'.",
  ),
  'input_range': (
    _STRING,
    'auto',
    'Values of black and white that a .tflite file takes: 0..255, 0..1, -1..1, '
    'or imagenet (normalised by mean and deviation of its pictures). {}',
  ),
  'input_size': (
    _STRING,
    'auto',
    'WIDTHxHEIGHT, in pixels, of the input of a .tflite file that leaves it '
    "open; by default the challenge's 640x480.",
  ),
  'json': (_STRING, None, 'JSON file to write {} to.'),
  'layout': (
    _STRING,
    'auto',
    'Layout of the input of a .tflite file: nhwc or nchw. By default its shape '
    'tells.',
  ),
  'limit': (
    _POSITIVE,
    None,
    'Measure only the first LIMIT pictures of the split.',
  ),
  'model': (
    _STRING,
    None,
    '{} The name of a system in pretrained/, such as tcl, stands for its ready '
    'weights.',
  ),
  'output': (_STRING, None, '{}'),
  'output_dir': (
    _STRING,
    None,
    'Folder for {}; it is created if it does not exist.',
  ),
  'output_tensor': (
    _STRING,
    'auto',
    'Name or number, from 0, of the output of a .tflite file that is the depth '
    'map; by default the only one.',
  ),
  'output_upsampling': (
    _STRING,
    None,
    'How the depth map of a Keras network is enlarged to the size of the '
    'picture: one of the forms in layers/upsample.py; by default, the one of '
    'the system.',
  ),
  'pictures_dir': (
    _STRING,
    None,
    'Folder for pictures of each image, its predicted and its true depth.',
  ),
  'runs': (_POSITIVE, 50, 'Number of runs that are timed.'),
  'seed': (
    functools.partial(flags.DEFINE_integer, lower_bound=0),
    1,
    'Seed of {}.',
  ),
  'split': (_STRING, 'validation', 'Split of the data to measure on.'),
  'store': (
    _STRING,
    None,
    'JSON lines file in which measurements are stored and looked up.',
  ),
  'target_runtime': (
    _STRING,
    challenge.RUNTIME,
    'Oldest TensorFlow Lite release that must be able to run the file.',
  ),
  'threads': (_POSITIVE, 1, 'Number of threads that run the .tflite file.'),
  'unit': (
    _STRING,
    'auto',
    'Unit of the depth that a .tflite file gives: mm or m. {}',
  ),
  'warmup': (_POSITIVE, 10, 'Number of runs before the timed ones.'),
  'workdir': (_STRING, None, '{}'),
}
# Flags that always name an output, and whether it is a folder. A program calls
# `written` for its own.
_WRITTEN = {
  'json': False,
  'output': False,
  'output_dir': True,
  'pictures_dir': True,
}
# Name of a flag -> the check of its value.
_checks: dict[str, Callable[[str], None]] = {}


def flag(
  name: str, text: str = '', repeated: bool = False, **changes: Any
) -> flags.FlagHolder:
  """Defines a flag of the table.

  Args:
    name: its name.
    text: what it means in this program, for the help.
    repeated: whether a flag with a text may be given several times; its value
      is a list then.
    **changes: `default` in place of that of the table; `required`.
  """
  define, default, description = _FLAGS[name]
  arguments = {'default': default, 'help': description.format(text), **changes}
  holder = (_STRINGS if repeated else define)(name, **arguments)
  if name == 'threads':
    flags.DEFINE_alias('num_threads', name)  # Its former name.
  if name in _WRITTEN:
    written(holder, folder=_WRITTEN[name])
  if name == 'store':
    written(holder, append=True)
  return holder


def written(
  holder: flags.FlagHolder, folder: bool = False, append: bool = False
) -> flags.FlagHolder:
  """Marks a flag as an output, which `run` tries before the program starts.

  Only a value that the user gives is tried, and nothing is created.

  Args:
    holder: the flag, a path.
    folder: whether it is a folder.
    append: whether the file is written to instead of replaced.

  Returns:
    The flag.
  """
  _checks[holder.name] = (
    atomic.check_writable_folder
    if folder
    else functools.partial(atomic.check_writable, append=append)
  )
  return holder


def interface_flags(by_default: str, *but: str) -> Callable[[], dict[str, str]]:
  """Defines the flags about the input and the output of a .tflite file.

  They win over what the file itself states, and the program says so.

  Args:
    by_default: what the program does about a range and a unit that neither the
      file nor a flag states, for the help.
    *but: flags to leave out.

  Returns:
    A function that returns the values by name, when flags are parsed; they are
    the arguments of `interface_evidence.Declared`.
  """
  holders = {
    name: flag(name, by_default)
    for name in (
      'unit',
      'input_range',
      'layout',
      'output_tensor',
      'input_size',
    )
    if name not in but
  }
  return lambda: {name: holder.value for name, holder in holders.items()}


def no_arguments(argv: Sequence[str]) -> None:
  """Refuses arguments that are not flags.

  Args:
    argv: the program's name and its arguments.

  Raises:
    app.UsageError: if there are any.
  """
  if argv[1:]:
    raise app.UsageError(
      f'Unexpected arguments {list(argv[1:])}: this program takes only flags, '
      'which are listed by --help.'
    )


def run(
  main: Callable[[list[str]], int | None],
  errors: tuple[type[Exception], ...] = _EXPECTED_ERRORS,
  error_code: int = 1,
) -> None:
  """Runs a program; never returns.

  Args:
    main: takes argv and returns an exit code, None for 0.
    errors: exceptions that become one line on stderr instead of a traceback.
    error_code: the exit code after such a line, and after a wrong flag.
  """

  def reporting_main(argv: list[str]) -> int | None:
    try:
      _try_outputs()
      code = main(argv)
      failure = output_streams.finish()
      if failure is None:
        return code
      message = f'Standard output cannot be written: {failure.strerror}.'
    except KeyboardInterrupt as error:
      print(str(error) or 'Interrupted.', file=sys.stderr)
      return _INTERRUPTED_CODE
    except Exception as error:
      explained = _message(error, errors)
      if explained is None:
        error.add_note(
          'This is a bug in depth_mai. Please report it with this text and the '
          'command.'
        )
        raise
      message = explained
    print(f'error: {message}', file=sys.stderr)
    return error_code

  def parse_flags(argv: list[str]) -> list[str]:
    try:
      return flags.FLAGS(argv)
    except flags.Error as error:
      text = str(error).rstrip('.')
      if missing := _MISSING_FLAG.fullmatch(text):
        text = f'--{missing[1]} is missing'
      print(f'error: {text}. --help lists the flags.', file=sys.stderr)
      sys.exit(error_code)

  output_streams.make_printable()
  # Without this, --help would list only the flags of the program's own file.
  for flag in flags.FLAGS.flags_by_module_dict().get(__name__, ()):
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  app.run(reporting_main, flags_parser=parse_flags)


def _message(
  error: Exception, errors: tuple[type[Exception], ...]
) -> str | None:
  """Returns the text of an expected error, or None for a bug."""
  if isinstance(error, errors) and not isinstance(error, UnicodeError):
    return failures.own_text(error)
  return failures.explain(error)


def _try_outputs() -> None:
  """Raises ValueError for an output that cannot be written."""
  for name, check in _checks.items():
    given = flags.FLAGS[name]
    if not given.present or given.value is None:
      continue
    if not given.value:
      # Such as --json=$RESULT where RESULT is not set: nothing would be kept.
      raise ValueError(f'--{name} is empty. Give a path, or leave it out.')
    given.value = os.path.expanduser(given.value)
    try:
      check(given.value)
    except OSError as error:
      raise ValueError(
        f'--{name}={given.value} cannot be written. '
        f'{failures.explain_os_error(error)}'
      ) from error
