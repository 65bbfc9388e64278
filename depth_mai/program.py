# SPDX-License-Identifier: Apache-2.0
"""Defines the flags that several programs have, and runs their main functions.

A flag of a single program is defined there with `absl.flags`.
"""

from collections.abc import Callable
from collections.abc import Sequence
import sys

from absl import app
from absl import flags

from depth_mai import challenge

# Raised for bad input and for a training that diverged. Any other error is a
# bug and shows its traceback.
_EXPECTED_ERRORS = (ValueError, FloatingPointError)


def data_dir(
  purpose: str, required: bool = True, default: str | None = None
) -> flags.FlagHolder:
  """Defines --data_dir.

  Args:
    purpose: what the data is for, a sentence.
    required: whether the program needs it.
    default: its default value.
  """
  return flags.DEFINE_string(
    'data_dir',
    default,
    f'{purpose} Give a folder with {{train,validation}}/{{rgb,depth}}, a '
    'prepared tfds folder, or procedural_rooms for the built-in data set.',
    required=required,
  )


def split() -> flags.FlagHolder:
  """Defines --split."""
  return flags.DEFINE_string(
    'split', 'validation', 'Split of the data to measure on.'
  )


def limit() -> flags.FlagHolder:
  """Defines --limit."""
  return flags.DEFINE_integer(
    'limit', None, 'Measure only the first LIMIT pictures of the split.', 1
  )


def model(description: str, required: bool = False) -> flags.FlagHolder:
  """Defines --model.

  Args:
    description: which files the program takes, a sentence; the names of ready
      weights are added.
    required: whether the program needs it.
  """
  return flags.DEFINE_string(
    'model',
    None,
    f'{description} The name of a system in pretrained/, such as tcl, stands '
    'for its ready weights.',
    required=required,
  )


def workdir(purpose: str, required: bool = False) -> flags.FlagHolder:
  """Defines --workdir.

  Args:
    purpose: what the program does with it, a sentence.
    required: whether the program needs it.
  """
  return flags.DEFINE_string('workdir', None, purpose, required=required)


def output_dir(
  content: str, required: bool = False, default: str | None = None
) -> flags.FlagHolder:
  """Defines --output_dir.

  Args:
    content: what is written into it, a noun.
    required: whether the program needs it.
    default: its default value.
  """
  return flags.DEFINE_string(
    'output_dir',
    default,
    f'Folder for {content}; it is created if it does not exist.',
    required=required,
  )


def gin(
  gin_file_required: bool = False,
) -> tuple[flags.FlagHolder, flags.FlagHolder]:
  """Defines --gin_file and --gin_param, both of which may be repeated."""
  return (
    flags.DEFINE_multi_string(
      'gin_file',
      None if gin_file_required else [],
      'Configuration file, e.g. gin_configs/tcl.gin.',
      required=gin_file_required,
    ),
    flags.DEFINE_multi_string(
      'gin_param',
      [],
      "A single setting that overrides the files, e.g. 'train.epochs = 2'.",
    ),
  )


def device(choices: str) -> flags.FlagHolder:
  """Defines --device.

  Args:
    choices: the help text, which lists the devices.
  """
  return flags.DEFINE_string('device', 'local', choices)


def threads() -> flags.FlagHolder:
  """Defines --threads; --num_threads, its former name, still works."""
  holder = flags.DEFINE_integer(
    'threads', 1, 'Number of threads that run the .tflite file.', 1
  )
  flags.DEFINE_alias('num_threads', 'threads')
  return holder


def repetitions() -> tuple[flags.FlagHolder, flags.FlagHolder]:
  """Defines --warmup and --runs."""
  return (
    flags.DEFINE_integer(
      'warmup', 10, 'Number of runs before the timed ones.', 1
    ),
    flags.DEFINE_integer('runs', 50, 'Number of runs that are timed.', 1),
  )


def store(default: str) -> flags.FlagHolder:
  """Defines --store."""
  return flags.DEFINE_string(
    'store',
    default,
    'JSON lines file in which measurements are stored and looked up.',
  )


def json(content: str) -> flags.FlagHolder:
  """Defines --json.

  Args:
    content: what is written, a noun.
  """
  return flags.DEFINE_string('json', None, f'JSON file to write {content} to.')


def pictures_dir() -> flags.FlagHolder:
  """Defines --pictures_dir."""
  return flags.DEFINE_string(
    'pictures_dir',
    None,
    'Folder for pictures of each image, its predicted and its true depth.',
  )


def target_runtime() -> flags.FlagHolder:
  """Defines --target_runtime."""
  return flags.DEFINE_string(
    'target_runtime',
    challenge.RUNTIME,
    'Oldest TensorFlow Lite release that must be able to run the file.',
  )


def output_upsampling() -> flags.FlagHolder:
  """Defines --output_upsampling."""
  return flags.DEFINE_string(
    'output_upsampling',
    None,
    'How the depth map of a Keras network is enlarged to the size of the '
    'picture: one of the forms in layers/upsample.py; by default, the one of '
    'the system.',
  )


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
      return main(argv)
    except errors as error:
      print(f'error: {error}', file=sys.stderr)
      return error_code

  def parse_flags(argv: list[str]) -> list[str]:
    try:
      return flags.FLAGS(argv)
    except flags.Error as error:
      print(f'error: {error}. --help lists the flags.', file=sys.stderr)
      sys.exit(error_code)

  # Without this, --help would list only the flags of the program's own file.
  for flag in flags.FLAGS.flags_by_module_dict().get(__name__, ()):
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  app.run(reporting_main, flags_parser=parse_flags)
