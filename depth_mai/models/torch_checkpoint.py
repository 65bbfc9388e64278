# SPDX-License-Identifier: Apache-2.0
"""Reads the tensors of a PyTorch checkpoint without PyTorch.

PyTorch pickles a nested dict in which each tensor refers to the bytes of a
storage. An unpickler that knows tensors and dicts, and refuses everything else,
reads it without running code from the file. Both formats are read: the zip
archive of PyTorch 1.6 and later, and the older sequence of pickles.
"""

import collections
from collections.abc import Callable
from collections.abc import Mapping
import os
import pickle
import struct
import typing
import zipfile

import numpy as np

from depth_mai.files import failures

# First pickle of the older format.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# Storage class -> (NumPy type of its elements, whether they are bfloat16).
_STORAGES = {
  'FloatStorage': '<f4',
  'DoubleStorage': '<f8',
  'HalfStorage': '<f2',
  'BFloat16Storage': '<u2',
  'LongStorage': '<i8',
  'IntStorage': '<i4',
  'ShortStorage': '<i2',
  'CharStorage': '|i1',
  'ByteStorage': '|u1',
  'BoolStorage': '|b1',
}
_ERRORS = (
  OSError,
  EOFError,
  KeyError,
  IndexError,
  ValueError,
  TypeError,
  AttributeError,
  MemoryError,
  RecursionError,
  struct.error,
  pickle.UnpicklingError,
  zipfile.BadZipFile,
)


class _Storage(typing.NamedTuple):
  """A reference to the bytes of tensors."""

  kind: str
  key: str


class _Tensor(typing.NamedTuple):
  """A tensor before its bytes are read: a view of a storage."""

  storage: _Storage
  offset: int
  shape: tuple[int, ...]
  strides: tuple[int, ...]


class UnreadableError(ValueError):
  """A file that cannot be read; the message says which, why, and the cure."""


def read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
  """Reads all tensors of a checkpoint.

  Args:
    path: file written by torch.save: a state dict, or a dict that contains one
      at any depth.

  Returns:
    The tensors by name, in the order of the file; names of nested dicts are
    joined by dots, as in 'state_dict.conv.weight'. bfloat16 becomes float32.

  Raises:
    UnreadableError: the file is missing or damaged, is no checkpoint, or
      contains objects other than dicts, lists, numbers and tensors.
  """
  try:
    with open(path, 'rb') as stream:
      is_zip = stream.read(2) == b'PK'
    return (_read_zip if is_zip else _read_legacy)(path)
  except _ERRORS as error:
    raise UnreadableError(
      f'{os.fspath(path)} cannot be read as weights of PyTorch '
      f'({failures.reason(error)}). Give a file written by '
      'torch.save(model.state_dict(), ...), or fetch it again.'
    ) from error


class _Unpickler(pickle.Unpickler):
  """Unpickles dicts, lists, numbers and tensors; refuses all else."""

  def find_class(self, module: str, name: str) -> typing.Any:
    if (module, name) == ('collections', 'OrderedDict'):
      return collections.OrderedDict
    if module == 'torch._utils' and name.startswith('_rebuild_tensor'):
      return _rebuild_tensor
    if module == 'torch._utils' and name.startswith('_rebuild_parameter'):
      return lambda tensor, *_: tensor
    if module in ('torch', 'torch.storage') and name in _STORAGES:
      return name
    if module == 'torch' and name == 'Size':
      return tuple
    raise pickle.UnpicklingError(
      f'it contains a {module}.{name}, which is neither a tensor nor a dict'
    )

  def persistent_load(self, identity: typing.Any) -> _Storage:
    tag, kind, key, *_ = identity
    if tag != 'storage' or kind not in _STORAGES:
      raise pickle.UnpicklingError(f'it refers to a {tag!r} of type {kind!r}')
    return _Storage(kind, str(key))


def _rebuild_tensor(
  storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: typing.Any
) -> _Tensor:
  return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _read_zip(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(path) as archive:
    (pickled,) = (x for x in archive.namelist() if x.endswith('data.pkl'))
    folder = pickled.removesuffix('data.pkl')
    byteorder = f'{folder}byteorder'
    if byteorder in archive.namelist() and archive.read(byteorder) != b'little':
      raise ValueError('its numbers are big-endian')
    with archive.open(pickled) as stream:
      content = _Unpickler(stream, encoding='utf-8').load()
    return _arrays(content, lambda key: archive.read(f'{folder}data/{key}'))


def _read_legacy(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
  with open(path, 'rb') as stream:
    if _Unpickler(stream).load() != _LEGACY_MAGIC:
      raise ValueError('it has the format of an unknown version')
    for _ in ('protocol version', 'sizes of types'):
      _Unpickler(stream).load()
    content = _Unpickler(stream).load()
    kinds = {x.storage.key: x.storage.kind for _, x in _named('', content)}
    storages = {}
    for key in _Unpickler(stream).load():
      (elements,) = struct.unpack('<q', stream.read(8))
      if key not in kinds:
        raise ValueError(f'no tensor refers to its storage {key!r}')
      size = elements * np.dtype(_STORAGES[kinds[key]]).itemsize
      storages[key] = stream.read(size)
    return _arrays(content, storages.__getitem__)


def _named(
  prefix: str, content: typing.Any
) -> collections.abc.Iterator[tuple[str, _Tensor]]:
  """Yields the tensors of nested dicts and lists with their names."""
  if isinstance(content, _Tensor):
    yield prefix, content
    return
  items: typing.Any = ()
  if isinstance(content, Mapping):
    items = content.items()
  elif isinstance(content, (list, tuple)):
    items = enumerate(content)
  for key, value in items:
    yield from _named(f'{prefix}.{key}' if prefix else str(key), value)


def _arrays(
  content: typing.Any, read_storage: Callable[[str], bytes]
) -> dict[str, np.ndarray]:
  """Returns the tensors of unpickled content as arrays."""
  storages: dict[str, np.ndarray] = {}
  arrays = {}
  for name, tensor in _named('', content):
    kind, key = tensor.storage
    if key not in storages:
      storages[key] = np.frombuffer(read_storage(key), _STORAGES[kind])
    arrays[name] = _view(storages[key], tensor, kind)
  if not arrays:
    raise ValueError('it contains no tensor')
  return arrays


def _view(storage: np.ndarray, tensor: _Tensor, kind: str) -> np.ndarray:
  """Returns a copy of a tensor's elements after checking their bounds."""
  last = tensor.offset + sum(
    (size - 1) * stride
    for size, stride in zip(tensor.shape, tensor.strides, strict=True)
  )
  numbers = (tensor.offset, *tensor.shape, *tensor.strides)
  if any(type(x) is not int or x < 0 for x in numbers):
    raise ValueError(f'a tensor has the shape {tensor.shape}')
  if 0 in tensor.shape:
    return np.zeros(tensor.shape, storage.dtype)
  if last >= storage.size:
    raise ValueError(
      f'a tensor of shape {tensor.shape} needs {last + 1} numbers, and its '
      f'storage has {storage.size}'
    )
  view = np.lib.stride_tricks.as_strided(
    storage[tensor.offset :],
    tensor.shape,
    [stride * storage.itemsize for stride in tensor.strides],
  )
  if kind == 'BFloat16Storage':  # The upper half of a float32.
    return (view.astype(np.uint32) << 16).view(np.float32)
  return np.array(view)
