# SPDX-License-Identifier: Apache-2.0
"""Writes state dicts as PyTorch does, without PyTorch, for tests."""

import collections
import io
import pickle
import struct
import sys
import types
import zipfile

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C


class _Reduced:
  """Pickles as a call of a function of torch."""

  def __init__(self, function, arguments):
    self._reduced = function, arguments

  def __reduce__(self):
    return self._reduced


class _Storage:
  def __init__(self, key, array):
    self.key, self.array = key, array


class _Pickler(pickle.Pickler):
  def persistent_id(self, obj):
    if isinstance(obj, _Storage):
      kind = sys.modules['torch'].FloatStorage
      return ('storage', kind, obj.key, 'cpu', obj.array.size)
    return None


def _fake_torch():
  """Returns modules with the names that a pickle of PyTorch refers to."""
  torch, utils = types.ModuleType('torch'), types.ModuleType('torch._utils')
  torch.FloatStorage = type('FloatStorage', (), {'__module__': 'torch'})

  def _rebuild_tensor_v2(*_):
    raise NotImplementedError

  _rebuild_tensor_v2.__module__ = 'torch._utils'
  _rebuild_tensor_v2.__qualname__ = '_rebuild_tensor_v2'
  utils._rebuild_tensor_v2 = _rebuild_tensor_v2
  return {'torch': torch, 'torch._utils': utils}


def write(path, tensors, legacy=False):
  """Writes float32 arrays by name, in the zip format or the older one."""
  hidden = {name: sys.modules.pop(name, None) for name in _fake_torch()}
  modules = _fake_torch()
  sys.modules.update(modules)
  try:
    storages, state = [], collections.OrderedDict()
    for name, array in tensors.items():
      array = np.ascontiguousarray(array, np.float32)
      storages.append(_Storage(str(len(storages)), array))
      strides = tuple(step // array.itemsize for step in array.strides)
      arguments = (storages[-1], 0, array.shape, strides, False, {})
      state[name] = _Reduced(
        modules['torch._utils']._rebuild_tensor_v2, arguments
      )
    (_write_legacy if legacy else _write_zip)(path, state, storages)
  finally:
    for name, module in hidden.items():
      del sys.modules[name]
      if module is not None:
        sys.modules[name] = module


def _write_zip(path, state, storages):
  pickled = io.BytesIO()
  _Pickler(pickled, protocol=2).dump(state)
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('archive/data.pkl', pickled.getvalue())
    archive.writestr('archive/byteorder', 'little')
    for storage in storages:
      archive.writestr(f'archive/data/{storage.key}', storage.array.tobytes())
    archive.writestr('archive/version', '3')


def _write_legacy(path, state, storages):
  with open(path, 'wb') as stream:
    for part in (_MAGIC, 1001, {'little_endian': True}):
      pickle.dump(part, stream, protocol=2)
    _Pickler(stream, protocol=2).dump(state)
    pickle.dump([storage.key for storage in storages], stream, protocol=2)
    for storage in storages:
      stream.write(struct.pack('<q', storage.array.size))
      stream.write(storage.array.tobytes())
