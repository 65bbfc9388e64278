# SPDX-License-Identifier: Apache-2.0
"""Damages .tflite files: their bytes, and the objects that they contain.

Some inputs change a word of the tables, where bytes at random would hit weights
nearly always. Others change one field of one object and pack the file again, so
that everything else in it is right; or make a weight NaN.
"""

import struct
from typing import Any

import numpy as np

from benchmarks.damage import damage as damage_lib
from depth_mai.lite import flatbuffer

Damage = damage_lib.Damage
Random = damage_lib.Random
pick = damage_lib.pick

_INTEGERS = (
  0, 1, -1, 2, 127, 255, 2**15, 2**16, 2**31 - 1, -(2**31), 2**32 - 1,
  2**63 - 1, 2**64 - 8,
)  # fmt: skip
_OFFSETS = (2**31, 2**32 - 1, 2**63, 2**64 - 8, 2**64 - 1)
_FLOATS = (0.0, -1.0, 1e-45, 3e38, float('nan'), float('inf'))
_TEXTS = (b'', b'\xed\xa0\x80', b'\x1b[2J\x1b]0;x\x07', b'x' * 5000, b'\0')
# Smaller constants are shapes and the like, larger ones weights.
_WEIGHT_BYTES = 64
_TRIES = 20
_NAN = {
  flatbuffer.schema.TensorType.FLOAT32: np.float32,
  flatbuffer.schema.TensorType.FLOAT16: np.float16,
}


def damaged_model(content: bytes, random: Random) -> Damage:
  """Damages a word of the tables, a field of an object, or a weight."""
  choice = random.random()
  if choice < 0.4:
    return _damaged_word(content, random)
  if choice < 0.5:
    return _with_nan(content, random)
  if choice < 0.58:
    return _with_outside_data(content, random)
  return _damaged_object(content, random)


def _weights(model: Any) -> list[np.ndarray]:
  return [
    buffer.data
    for buffer in model.buffers
    if buffer.data is not None and len(buffer.data) > _WEIGHT_BYTES
  ]


def _damaged_word(content: bytes, random: Random) -> Damage:
  """Sets a word outside of the weights."""
  inside = np.zeros(len(content), bool)
  for data in _weights(flatbuffer.read_model(content)):
    start = content.find(data.tobytes())
    inside[start : start + len(data)] = True
  places = np.flatnonzero(~inside[: len(content) // 4 * 4 : 4]) * 4
  start = int(random.choice(places))
  size = pick(random, (2, 4, 4, 8))
  value = pick(random, _INTEGERS)
  if random.random() < 0.4:
    (old,) = struct.unpack_from('<I', content.ljust(start + 4, b'\0'), start)
    value = old + pick(random, (-4, -1, 1, 4, 8, 1000))
  word = (value % 2 ** (8 * size)).to_bytes(size, 'little')
  new = content[:start] + word + content[start + size :]
  if new == content:
    return damage_lib.damaged_bytes(content, random)
  return Damage(f'{size} bytes at {start} set to {value}', new, sealed=True)


def _objects(value: Any, path: str = 'model') -> list[tuple[str, Any]]:
  """Returns the tables of a file with their names."""
  if isinstance(value, list):
    return [
      found
      for number, item in enumerate(value)
      for found in _objects(item, f'{path}[{number}]')
    ]
  if not hasattr(value, 'Pack'):
    return []
  found = [(path, value)]
  for name, child in vars(value).items():
    found += _objects(child, f'{path}.{name}')
  return found


def _other_value(value: Any, random: Random) -> Any:
  """Returns another value of a field."""
  if isinstance(value, bool) or value is None:
    return pick(random, (True, None))
  if isinstance(value, int | np.integer):
    return pick(random, _INTEGERS)
  if isinstance(value, float):
    return pick(random, _FLOATS)
  if isinstance(value, bytes | str):
    return pick(random, _TEXTS)
  if isinstance(value, list | np.ndarray) and len(value):
    values = list(value)
    at = int(random.integers(len(values)))
    choice = pick(random, ('drop', 'double', 'change', 'change', 'empty'))
    if choice == 'empty':
      return []
    if choice == 'drop':
      del values[at]
    elif choice == 'double':
      values.insert(at, values[at])
    elif isinstance(values[at], int | float | np.number):
      values[at] = _other_value(
        values[at].item() if hasattr(values[at], 'item') else values[at], random
      )
    if isinstance(value, np.ndarray):
      return np.array(values).astype(value.dtype)
    return values
  return None


def _with_nan(content: bytes, random: Random) -> Damage:
  """Makes a weight NaN, which nobody means."""
  model = flatbuffer.read_model(content)
  stored = [
    (tensor, model.buffers[tensor.buffer])
    for tensor in model.subgraphs[0].tensors
    if tensor.type in _NAN and model.buffers[tensor.buffer].data is not None
  ]
  if not stored:
    return _damaged_object(content, random)
  tensor, buffer = pick(random, stored)
  values = buffer.data.copy().view(_NAN[tensor.type])
  at = int(random.integers(len(values)))
  values[at] = np.nan
  buffer.data = values.view(np.uint8)
  name = (tensor.name or b'').decode(errors='replace')[:60]
  return Damage(f'{name}[{at}] = NaN', flatbuffer.write_model(model))


def _with_outside_data(content: bytes, random: Random) -> Damage:
  """Says that a constant lies outside of the tables, as in files above 2 GB."""
  model = flatbuffer.read_model(content)
  stored = [one for one in model.buffers if one.data is not None]
  buffer = pick(random, stored)
  size = len(buffer.data)
  buffer.data = None
  buffer.offset = pick(random, (1, 2, 8, len(content), *_OFFSETS))
  buffer.size = pick(random, (size, 0, 1, *_OFFSETS))
  what = f'constant at {buffer.offset}, {buffer.size} bytes'
  return Damage(what, flatbuffer.write_model(model), sealed=True)


def _damaged_object(content: bytes, random: Random) -> Damage:
  """Changes one field of one object, and packs the file again."""
  for _ in range(_TRIES):
    model = flatbuffer.read_model(content)
    objects = _objects(model)
    # Tables of each kind, so that the many buffers do not hide the others.
    kind = pick(random, sorted({type(one).__name__ for _, one in objects}))
    name, one = pick(
      random, [pair for pair in objects if type(pair[1]).__name__ == kind]
    )
    field = pick(random, sorted(vars(one)))
    old = getattr(one, field)
    new = _other_value(old, random)
    what = f'{name}.{field} = {str(new)[:40]}'
    setattr(one, field, new)
    try:
      packed = flatbuffer.write_model(model)
    except Exception:  # The schema's own checks: this value cannot be written.
      continue
    if packed != content:
      return Damage(what, packed, sealed=True)
  return damage_lib.damaged_bytes(content, random)


def unchecked(content: bytes) -> flatbuffer.schema.ModelT:
  """Unpacks a damaged file, which the project's own reader refuses."""
  return flatbuffer.schema.ModelT.InitFromPackedBuf(bytearray(content), 0)


def has_nan(content: bytes) -> bool:
  """Returns whether a float constant of a file contains NaN."""
  try:
    model = unchecked(content)
    constants = [
      model.buffers[tensor.buffer].data.view(_NAN[tensor.type])
      for tensor in model.subgraphs[0].tensors
      if tensor.type in _NAN and model.buffers[tensor.buffer].data is not None
    ]
  except Exception:  # It is too damaged to say.
    return False
  return any(np.isnan(values).any() for values in constants)
