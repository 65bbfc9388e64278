# SPDX-License-Identifier: Apache-2.0
"""Filters a process's system calls, so that it can do little but compute.

The filter lists the calls that are allowed. Any other call fails with EPERM,
which libraries expect on a restricted machine; a call that only an attack would
make ends the process. It is assembled here because a device need not have
libseccomp. Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
import ctypes
import errno
import os
import struct
import typing

from depth_mai.judging import landlock

# platform.machine() -> AUDIT_ARCH_* of linux/audit.h.
ARCHITECTURES = {
  'x86_64': 0xC000003E,
  'aarch64': 0xC00000B7,
  'armv7l': 0x40000028,
  'armv8l': 0x40000028,
}

# platform.machine() -> column of the tables below. Their numbers are those of
# Linux 6.x: arch/x86/entry/syscalls/syscall_64.tbl,
# scripts/syscall.tbl (aarch64) and arch/arm/tools/syscall.tbl; None where the
# architecture has no such call.
COLUMNS = {'x86_64': 0, 'aarch64': 1, 'armv7l': 2, 'armv8l': 2}

# Always allowed: memory, time, threads, signals to the process itself, and
# files that are already open.
_ALLOWED = {
  'brk': (12, 214, 45),
  'clock_gettime': (228, 113, 263),
  'clock_gettime64': (None, None, 403),
  'clock_nanosleep': (230, 115, 265),
  'clock_nanosleep_time64': (None, None, 407),
  'close': (3, 57, 6),
  'exit': (60, 93, 1),
  'exit_group': (231, 94, 248),
  'futex': (202, 98, 240),
  'futex_time64': (None, None, 422),
  'getcpu': (309, 168, 345),
  'getpid': (39, 172, 20),
  'getrandom': (318, 278, 384),
  'getrusage': (98, 165, 77),
  'gettid': (186, 178, 224),
  'gettimeofday': (96, 169, 78),
  'madvise': (28, 233, 220),
  'membarrier': (324, 283, 389),
  'mremap': (25, 216, 163),
  'munmap': (11, 215, 91),
  'nanosleep': (35, 101, 162),
  'read': (0, 63, 3),
  'recv': (None, None, 291),
  'recvfrom': (45, 207, 292),
  'restart_syscall': (219, 128, 0),
  'rseq': (334, 293, 398),
  'rt_sigaction': (13, 134, 174),
  'rt_sigprocmask': (14, 135, 175),
  'rt_sigreturn': (15, 139, 173),
  'sched_getaffinity': (204, 123, 242),
  'sched_yield': (24, 124, 158),
  'send': (None, None, 289),
  'sendto': (44, 206, 290),
  'set_robust_list': (273, 99, 338),
  'sigaltstack': (131, 132, 186),
  'sigreturn': (None, None, 119),
  'sysinfo': (99, 179, 116),
  'uname': (63, 160, 122),
  'write': (1, 64, 4),
  'writev': (20, 66, 146),
}
# Allowed depending on their arguments, see `program`.
_CHECKED = {
  'clone': (56, 220, 120),
  'clone3': (435, 435, 435),
  'mmap': (9, 222, None),
  'mmap2': (None, None, 192),
  'mprotect': (10, 226, 125),
  'prctl': (157, 167, 172),
  'tgkill': (234, 131, 268),
}
# These end the process.
_KILLED = {
  'connect': (42, 203, 283),
  'execve': (59, 221, 11),
  'execveat': (322, 281, 387),
  'fork': (57, None, 2),
  'kill': (62, 129, 37),
  'pidfd_open': (434, 434, 434),
  'process_vm_readv': (310, 270, 376),
  'process_vm_writev': (311, 271, 377),
  'ptrace': (101, 117, 26),
  'socket': (41, 198, 281),
  'socketpair': (53, 199, 288),
  'tkill': (200, 130, 238),
  'vfork': (58, None, 190),
}
NUMBERS = {**_ALLOWED, **_CHECKED, **_KILLED}
_MAP = ('mmap', 'mmap2', 'mprotect')

# linux/seccomp.h
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_ERRNO = 0x00050000
# linux/filter.h: load a word, jumps, return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Offsets in struct seccomp_data; arguments are 64 bits, low word first.
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x40000000
_CLONE_THREAD, _PROT_EXEC = 0x00010000, 0x4
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


# Operation, steps to skip if true, steps to skip if false, operand.
if typing.TYPE_CHECKING:  # Python 3.8 has no such types.
  _Step = tuple[int, int, int, int]


class _Program(ctypes.Structure):
  """struct sock_fprog."""

  _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def program(machine: str, pid: int) -> bytes:
  """Assembles the filter.

  Args:
    machine: as platform.machine() returns it.
    pid: the filtered process, the only one that it may signal.

  Returns:
    Instructions of classic BPF (struct sock_filter), 8 bytes each.

  Raises:
    KeyError: if the architecture is not in COLUMNS.
  """
  column = COLUMNS[machine]
  numbers = {
    name: number
    for name, row in NUMBERS.items()
    if (number := row[column]) is not None
  }

  def choose(names: Iterable[str], *body: _Step) -> Iterator[_Step]:
    """Yields steps that run the body for these calls; it must end in RETURN."""
    for name in names:
      if name in numbers:
        yield _EQUAL, 0, len(body), numbers[name]
        yield from body

  def argument(index: int) -> _Step:
    return _LOAD, 0, 0, _ARGUMENTS_AT + 8 * index

  allow, kill = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL)
  refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
  steps = [
    (_LOAD, 0, 0, _ARCHITECTURE_AT),
    (_EQUAL, 1, 0, ARCHITECTURES[machine]),
    kill,
    (_LOAD, 0, 0, _NUMBER_AT),
  ]
  if machine == 'x86_64':
    # The x32 calls are the same calls under other numbers.
    steps += [(_AT_LEAST, 0, 1, _X32_BIT), kill]
  steps += [
    *choose(_ALLOWED, allow),
    # Threads are allowed, processes are not.
    *choose(
      ('clone',), argument(0), (_ANY_BIT, 0, 1, _CLONE_THREAD), allow, kill
    ),
    # A filter cannot read its flags, which are in memory; the C library falls
    # back to clone.
    *choose(('clone3',), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)),
    *choose(_MAP, argument(2), (_ANY_BIT, 0, 1, _PROT_EXEC), refuse, allow),
    *choose(('tgkill',), argument(0), (_EQUAL, 0, 1, pid), allow, kill),
    *choose(
      ('prctl',),
      argument(0),
      (_EQUAL, 1, 0, _PR_SET_NAME),
      (_EQUAL, 0, 1, _PR_SET_VMA),
      allow,
      refuse,
    ),
    *choose(_KILLED, kill),
    refuse,
  ]
  return b''.join(struct.pack('=HBBI', *step) for step in steps)


def install() -> None:
  """Filters this single-threaded process permanently.

  The process must have set no_new_privs.

  Raises:
    OSError: if the kernel refuses, or the architecture is not in COLUMNS.
  """
  # Not platform.machine(), which starts a program in Python 3.8.
  machine = os.uname().machine
  if machine not in COLUMNS:
    raise OSError(errno.ENOSYS, f'no list of system calls for {machine}')
  steps = program(machine, os.getpid())
  filter_ = _Program(len(steps) // 8, steps)
  libc = ctypes.CDLL(None, use_errno=True)
  rest = [ctypes.c_ulong(0)] * 2
  mode = ctypes.c_ulong(_MODE_FILTER)
  landlock.checked(
    libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(filter_), *rest)
  )
