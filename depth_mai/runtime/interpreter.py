# SPDX-License-Identifier: Apache-2.0
"""Loads a .tflite model with the interpreter that is installed.

The first of these packages is used: ai-edge-litert (the current one),
TensorFlow (on a training machine), tflite-runtime (the only one with wheels for
32-bit boards). They are imported on demand; importing this module imports none.
"""

import functools
import importlib
import importlib.metadata
import mmap
import os
import typing

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.runtime import load_check
from depth_mai.runtime import open_sizes

# (module with the Interpreter, package with __version__, pip name).
_RUNTIMES = (
  ('ai_edge_litert.interpreter', 'ai_edge_litert', 'ai-edge-litert'),
  ('tensorflow.lite.python.interpreter', 'tensorflow', 'tensorflow'),
  ('tflite_runtime.interpreter', 'tflite_runtime', 'tflite-runtime'),
)

# Far more than any board has; LiteRT crashes when it cannot start them all.
MOST_THREADS = 1024

# A .tflite file or its content.
ModelSource = str | os.PathLike[str] | bytes | bytearray

# Bytes 4 to 8 of every TensorFlow Lite flatbuffer.
_FILE_IDENTIFIER = b'TFL3'
# The first bytes of files that people take for models, and what helps.
_OTHER_FILES = {
  b'version ': 'It is a Git LFS pointer: git lfs pull fetches the file.',
  b'<': 'It is a web page: download the file itself.',
  b'PK': (
    'It is a .keras, .zip or PyTorch file: convert a .keras file with '
    'depth_mai.convert, and others with their own tools, such as ai-edge-torch.'
  ),
  b'\x89HDF': 'It is an HDF5 file: convert it with tf.lite.TFLiteConverter.',
  b'\x1f\x8b': 'It is compressed: unpack it with gunzip or tar.',
}


class Runtime(typing.NamedTuple):
  """The interpreter package in use.

  Attributes:
    name: its pip name, e.g. 'ai-edge-litert'.
    version: its version, e.g. '2.3.0'.
    module: the module with `Interpreter` and `OpResolverType`.
  """

  name: str
  version: str
  module: typing.Any


@functools.cache
def find_runtime() -> Runtime:
  """Returns the `Runtime` in use, the first that can be imported.

  Raises:
    ValueError: none of the three packages is installed.
  """
  for module_name, package_name, pip_name in _RUNTIMES:
    try:
      module = importlib.import_module(module_name)
      package = importlib.import_module(package_name)
    except ImportError:
      continue
    version = getattr(package, '__version__', None)
    return Runtime(pip_name, version or _pip_version(pip_name), module)
  raise ValueError(
    'No interpreter for .tflite files is installed. Run '
    '"pip install ai-edge-litert" (64-bit systems) or '
    '"pip install tflite-runtime" (32-bit Raspberry Pi OS).'
  )


def load_interpreter(
  path_or_bytes: ModelSource,
  num_threads: int = 1,
  xnnpack: bool = True,
  input_size: tuple[int, int] = challenge.IMAGE_SIZE,
) -> typing.Any:
  """Loads a model and allocates its tensors.

  Args:
    path_or_bytes: a .tflite file (str or os.PathLike) or its content (bytes).
    num_threads: threads for the kernels, 1 to MOST_THREADS; fixed for the
      life of the interpreter.
    xnnpack: whether the default XNNPACK delegate may take the graph. If not,
      all operators run in the built-in kernels, as in the old 32-bit ARM
      builds.
    input_size: (height, width) of the pictures if the file leaves it open.

  Returns:
    An `Interpreter`, ready for set_tensor and invoke.

  Raises:
    ValueError: the file is missing, is not a TensorFlow Lite model, is damaged
      or has weights that are not finite (see load_check.py), or needs an
      operator that this runtime lacks; or num_threads is not 1 to
      MOST_THREADS.
  """
  if isinstance(num_threads, bool) or int(num_threads) != num_threads:
    raise ValueError(f'num_threads must be a whole number, got {num_threads}.')
  if not 1 <= num_threads <= MOST_THREADS:
    raise ValueError(
      f'num_threads must be 1 to {MOST_THREADS}, got {num_threads}; change '
      '--threads.'
    )
  name = check_is_tflite(path_or_bytes)
  load_check.check(name, _content(path_or_bytes))
  runtime = find_runtime()
  resolver = runtime.module.OpResolverType
  try:
    interpreter = runtime.module.Interpreter(
      num_threads=int(num_threads),
      experimental_op_resolver_type=(
        resolver.AUTO if xnnpack else resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES
      ),
      **_source(path_or_bytes),
    )
    open_sizes.close(interpreter, input_size)
  except (ValueError, RuntimeError) as error:
    reason = ' '.join(printable.printable_lines(error).split()).rstrip('.')
    raise ValueError(
      f'{name} cannot be loaded by {runtime.name} {runtime.version}: '
      f'{reason}. The file is damaged (copy or convert it again) or needs an '
      'operator that this runtime lacks (install a newer ai-edge-litert, or '
      'convert with built-in operators only: depth_mai.convert).'
    ) from error
  return interpreter


def _source(path_or_bytes: ModelSource) -> dict[str, typing.Any]:
  """Returns the arguments of Interpreter that name or hold the model."""
  if isinstance(path_or_bytes, (bytes, bytearray)):
    return {'model_content': bytes(path_or_bytes)}
  path = os.fspath(path_or_bytes)
  try:
    path.encode()
  except UnicodeEncodeError:  # LiteRT opens only names in UTF-8.
    return {'model_content': regular_files.read_bytes(path)}
  return {'model_path': path}


def _content(path_or_bytes: ModelSource) -> bytes:
  """Returns the content of a file, as a memory map."""
  if isinstance(path_or_bytes, (bytes, bytearray)):
    return bytes(path_or_bytes)
  try:
    with regular_files.open_binary(path_or_bytes) as stream:
      mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
  except (OSError, ValueError, OverflowError) as error:
    raise ValueError(
      f'The model file {printable.printable(path_or_bytes)} cannot be mapped '
      f'into memory: {error}.'
    ) from error
  return typing.cast(bytes, mapped)


def check_is_tflite(path_or_bytes: ModelSource) -> str:
  """Checks that a model exists and begins as a TensorFlow Lite flatbuffer.

  Args:
    path_or_bytes: a file (str or os.PathLike) or its content (bytes).

  Returns:
    Its name for messages, printable.

  Raises:
    ValueError: the file is missing, cannot be read, or has another format.
  """
  if isinstance(path_or_bytes, (bytes, bytearray)):
    name, start, size = (
      'the model in memory',
      bytes(path_or_bytes[:8]),
      len(path_or_bytes),
    )
  else:
    name = printable.printable(path_or_bytes)
    try:
      with regular_files.open_binary(path_or_bytes) as stream:
        start = stream.read(8)
      size = os.path.getsize(path_or_bytes)
    except FileNotFoundError as error:
      raise ValueError(
        f'There is no model file {name}; give --model a .tflite file written '
        'by depth_mai.convert.'
      ) from error
    except OSError as error:
      raise ValueError(
        f'The model file {name} cannot be read: {error.strerror}; give '
        '--model a readable .tflite file.'
      ) from error
  if start[4:8] != _FILE_IDENTIFIER:
    looks_like = next(
      (what for first, what in _OTHER_FILES.items() if start.startswith(first)),
      'It may be incomplete: fetch it again, or convert a .keras file with '
      'depth_mai.convert.',
    )
    raise ValueError(
      f'{name} ({size} bytes) is not a .tflite model: bytes 4 to 8 are '
      f'{start[4:8]!r}, not {_FILE_IDENTIFIER!r}. {looks_like}'
    )
  return name


def _pip_version(pip_name: str) -> str:
  """Returns the installed version from pip's records, or 'unknown'."""
  try:
    return importlib.metadata.version(pip_name)
  except importlib.metadata.PackageNotFoundError:
    return 'unknown'
