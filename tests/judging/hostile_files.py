# SPDX-License-Identifier: Apache-2.0
"""At least 300 hostile files, the same ones in every run."""

from collections.abc import Iterator
import io
import struct
import zipfile
import zlib

import numpy as np

from depth_mai.runtime import runtime_versions
from tests.judging import hostile_graphs
from tests.lite import hand_made
from tests.runtime import tiny_model

# Operators that the target runtime has, so that the check passes them.
_RUNNABLE = tuple(runtime_versions.FIRST_RELEASE)


def all_files() -> Iterator[tuple[str, bytes]]:
  """Yields (name, content); all names differ."""
  yield from _other_files()
  yield from _pointers()
  yield from hostile_graphs.all_graphs()
  for name, content in _whole_files():
    yield from _truncated(name, content)
    yield from _flipped(name, content)
    yield from _overwritten(name, content)


def _whole_files() -> Iterator[tuple[str, bytes]]:
  """Yields small valid files."""
  size = (24, 32)
  yield 'float', tiny_model.float_model(size, (20.0, 1.0, 1.0), 500.0)
  yield 'int8', tiny_model.quantised_model('int8', size, 1.0, -128, 0.1, -128)
  yield 'uint8', tiny_model.quantised_model('uint8', size, 1.0, 0, 0.1, 0)
  yield 'split', tiny_model.split_model(size)


def _other_files() -> Iterator[tuple[str, bytes]]:
  """Yields files that are not .tflite files or cannot run."""
  archive = io.BytesIO()
  with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as bomb:
    bomb.writestr('model.weights.h5', bytes(16 << 20))
  yield 'empty', b''
  yield 'text', b'a text that is no network\n' * 20
  yield 'keras', archive.getvalue()
  yield 'packed_zeros', zlib.compress(bytes(16 << 20))
  yield 'program', b'\x7fELF\x02\x01\x01' + bytes(2000)
  yield 'pickle', b"cos\nsystem\n(S'true'\ntR."
  yield 'identifier_only', b'\x08\0\0\0TFL3'
  yield 'identifier_and_zeros', b'\x08\0\0\0TFL3' + bytes(4096)
  yield 'identifier_and_ones', b'\x08\0\0\0TFL3' + b'\xff' * 4096
  yield 'two_files', tiny_model.float_model() * 2
  yield (
    'bare_flex',
    hand_made.model(('CUSTOM', 1, ('FLOAT32',)), custom='FlexErf'),
  )
  yield (
    'without_options',
    hand_made.model(
      ('CONV_2D', 6, ('FLOAT32', 'INT4')), (9999, 1, ('FLOAT16',))
    ),
  )
  # Operators without the inputs, outputs and options that they need.
  for name in _RUNNABLE:
    yield f'bare_{name}', hand_made.model((name, 1, ('FLOAT32', 'INT32')))


def _pointers() -> Iterator[tuple[str, bytes]]:
  """Yields files with invalid offsets."""
  content = tiny_model.float_model((24, 32))
  for root in (0, 4, len(content) - 2, len(content), 1 << 31, (1 << 32) - 1):
    yield f'root_{root}', struct.pack('<I', root) + content[4:]
  yield 'same_table_without_end', _aliased(20_000)
  for seed in range(16):
    rng = np.random.default_rng(seed)
    words = np.frombuffer(content[: len(content) // 4 * 4], '<u4').copy()
    small = np.flatnonzero((words > 0) & (words < len(content)))
    # Offsets that point at themselves or backwards.
    for place in rng.choice(small, 2, replace=False):
      if place > 1:
        words[place] = rng.choice([0, 4, (1 << 32) - 4 * place, len(content)])
    yield f'pointers_{seed}', words.tobytes()


def _aliased(count: int) -> bytes:
  """Returns a file with `count` graphs that are the same table.

  It has count tensors, all one and the same, too: read out, these would be
  count * count.
  """
  # Layouts of tables: size, size of the table, place of each field.
  model_layout = struct.pack('<7H', 14, 12, 0, 0, 4, 0, 8)
  graph_layout = struct.pack('<3H', 6, 8, 4)
  empty_layout = struct.pack('<2H', 4, 4)
  content = bytearray(b'\0\0\0\0TFL3')
  places = []
  for layout in (model_layout, graph_layout, empty_layout):
    places.append(len(content))
    content += layout + bytes(-len(layout) % 4)

  def offset(place, target):
    struct.pack_into('<I', content, place, target - place)

  def table(layout, fields):
    start = len(content)
    content.extend(
      struct.pack('<i', start - places[layout]) + bytes(4 * fields)
    )
    return start

  def vector(place, length):
    """Sets a field to a vector of offsets to the next table."""
    start = len(content)
    offset(place, start)
    content.extend(struct.pack('<I', length) + bytes(4 * length))
    for entry in range(start + 4, len(content), 4):
      offset(entry, len(content))

  model = table(0, 2)
  offset(0, model)
  vector(model + 8, 1)
  table(2, 0)
  vector(model + 4, count)
  graph = table(1, 1)
  vector(graph + 4, count)
  table(2, 0)
  return bytes(content)


def _truncated(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
  for size in np.linspace(5, len(content) - 1, 12).astype(int):
    yield f'{name}_first_{size}', content[:size]


def _flipped(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
  for seed in range(30):
    rng = np.random.default_rng([seed, len(content)])
    flipped = np.frombuffer(content, np.uint8).copy()
    # The identifier stays, or the file would be rejected at once.
    places = rng.integers(8, len(content), 1 + seed % 10)
    flipped[places] ^= rng.integers(1, 256, len(places)).astype(np.uint8)
    yield f'{name}_flipped_{seed}', flipped.tobytes()


def _overwritten(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
  for seed in range(10):
    rng = np.random.default_rng([seed, len(content), 1])
    written = bytearray(content)
    start = 4 * int(rng.integers(2, len(content) // 4 - 4))
    value = [0, 0x7FFFFFFF, 0xFFFFFFFF, 1, 0x80000000][seed % 5]
    words = 1 + seed // 5 * 3
    written[start : start + 4 * words] = struct.pack('<I', value) * words
    yield f'{name}_overwritten_{seed}', bytes(written)
