# SPDX-License-Identifier: Apache-2.0
"""Takes a snapshot of the counters whenever a function of LiteRT is entered.

Runs in the emulated program. The function's first instruction is replaced by a
branch to a few instructions, which make the system call of a snapshot, execute
the replaced instruction and branch back. The system call passes the function's
own arguments to the plugin, so that the snapshot can be attributed to a node.
"""

import ctypes
import mmap
import os
import struct

from depth_mai.devices.emulated_pi4 import symbols

# The same as in plugin/instruction_counter.c.
SNAPSHOT = 0x5150
WATCH = 0x5160
# Number of instructions that a hook adds before and after its snapshot. The
# replaced instruction is not among them.
EXTRA_BEFORE, EXTRA_AFTER = 4, 2

_LIBRARY = 'libpywrap_litert_common.so'
_BRANCH_REACH = 1 << 27
# Distances of the code from the start of the library, which has 18 MB.
_DISTANCES = tuple(step << 22 for step in (8, 10, 12, 14, -8, -10, -12, -14))
_STUB_BYTES = 32
_MOVE_X9_X0 = 0xAA0003E9
_MOVE_X0_X9 = 0xAA0903E0
_SYSTEM_CALL = 0xD4000001
_MOVE_X8_NUMBER = 0xD2800008
_BRANCH = 0x14000000

_C = ctypes.CDLL(None, use_errno=True)
_C.mmap.restype = ctypes.c_void_p
_C.mmap.argtypes = [
  ctypes.c_void_p,
  ctypes.c_size_t,
  *(ctypes.c_int, ctypes.c_int, ctypes.c_int),
  ctypes.c_long,
]
_C.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_RWX = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC


def snapshot(tag: int) -> None:
  """Takes a snapshot.

  Args:
    tag: tag of the snapshot, 0 to 15.
  """
  _C.syscall(SNAPSHOT + tag)


def watch(tag: int, address: int) -> None:
  """Takes a snapshot whenever an instruction is executed, without a hook.

  Such a snapshot has no arguments, and the plugin watches one address only.

  Args:
    tag: tag of the snapshot, 0 to 15.
    address: address of an instruction that has not been executed yet.
  """
  _C.syscall(WATCH, ctypes.c_size_t(address), tag)


class Hooks:
  """Hooks in the LiteRT library that this program has loaded."""

  def __init__(self, parts: dict[int, str]):
    """Finds the functions.

    Args:
      parts: dict from tags, 0 to 15, to parts of symbols, see
        `symbols.find_functions`.

    Raises:
      ValueError: a function is missing.
      OSError: there is no memory for the code.
    """
    path, base = _loaded_library()
    self._addresses = {
      tag: base + address
      for tag, address in symbols.find_functions(path, parts).items()
    }
    self._stub = _memory_near(base)

  def install(self, tag: int) -> None:
    """Hooks a function.

    Args:
      tag: its key in `parts`.

    Raises:
      ValueError: the function's first instruction cannot be moved.
    """
    address, stub = self._addresses[tag], self._stub
    self._stub += _STUB_BYTES
    (first,) = struct.unpack('<I', ctypes.string_at(address, 4))
    if not is_movable(first):
      raise ValueError(
        f'Function {tag} begins with the instruction {first:#010x}, which '
        f'depends on its address. {symbols.OTHER_LITERT}'
      )
    code = [
      _MOVE_X8_NUMBER | (SNAPSHOT + tag) << 5,
      _MOVE_X9_X0,
      _SYSTEM_CALL,
      _MOVE_X0_X9,
      first,
    ]
    code.append(branch(stub + 4 * len(code), address + 4))
    ctypes.memmove(stub, struct.pack(f'<{len(code)}I', *code), 4 * len(code))
    _make_writable(address)
    ctypes.memmove(address, struct.pack('<I', branch(address, stub)), 4)


def is_movable(word: int) -> bool:
  """Returns whether an instruction does the same at another address."""
  is_branch = word >> 26 & 7 == 5
  is_address = word & 0x1F000000 == 0x10000000
  is_literal = word & 0x3B000000 == 0x18000000
  return not (is_branch or is_address or is_literal)


def branch(source: int, target: int) -> int:
  """Returns the instruction that branches from one address to another.

  Raises:
    ValueError: the target is out of reach.
  """
  distance = target - source
  if not -_BRANCH_REACH <= distance < _BRANCH_REACH:
    raise ValueError(f'A branch cannot reach {distance} bytes.')
  return _BRANCH | distance >> 2 & 0x3FFFFFF


def _loaded_library() -> tuple[str, int]:
  """Returns path and start address of LiteRT's library."""
  with open('/proc/self/maps') as stream:
    for line in stream:
      fields = line.split()
      if os.path.basename(fields[-1]) == _LIBRARY and int(fields[2], 16) == 0:
        return fields[-1], int(fields[0].split('-')[0], 16)
  raise ValueError(f'{_LIBRARY} is not loaded.')


def _memory_near(base: int) -> int:
  """Returns the address of a page for code within reach of `base`."""
  for distance in _DISTANCES:
    # The system may choose another address.
    address = _C.mmap(
      base + distance,
      mmap.PAGESIZE,
      _RWX,
      mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
      -1,
      0,
    )
    if address is not None and abs(address - base) < _BRANCH_REACH >> 1:
      return address
  raise OSError(
    f'There is no free memory within {_BRANCH_REACH >> 1} bytes of {_LIBRARY}.'
  )


def _make_writable(address: int) -> None:
  start = address - address % mmap.PAGESIZE
  if _C.mprotect(start, 2 * mmap.PAGESIZE, _RWX):
    raise OSError(ctypes.get_errno(), 'the code cannot be changed')
