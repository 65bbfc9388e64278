# SPDX-License-Identifier: Apache-2.0
"""A filter of system calls, after which a process can compute and little else.

The filter is a list of what is allowed. What is forbidden fails with EPERM, as
libraries expect of a restricted machine; what only an attack asks for ends the
process. Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import errno
import os
import platform
import struct

from depth_mai.judging import system_calls

# Memory, time, threads, signals to oneself, and the files already open.
_ALLOWED = (
  'brk',
  'clock_gettime',
  'clock_gettime64',
  'clock_nanosleep',
  'clock_nanosleep_time64',
  'close',
  'exit',
  'exit_group',
  'futex',
  'futex_time64',
  'getcpu',
  'getpid',
  'getrandom',
  'getrusage',
  'gettid',
  'gettimeofday',
  'madvise',
  'membarrier',
  'mremap',
  'munmap',
  'nanosleep',
  'read',
  'recv',
  'recvfrom',
  'restart_syscall',
  'rseq',
  'rt_sigaction',
  'rt_sigprocmask',
  'rt_sigreturn',
  'sched_getaffinity',
  'sched_yield',
  'send',
  'sendto',
  'set_robust_list',
  'sigaltstack',
  'sigreturn',
  'sysinfo',
  'uname',
  'write',
  'writev',
)
_MAP = ('mmap', 'mmap2', 'mprotect')
_DEADLY = (
  'connect',
  'execve',
  'execveat',
  'fork',
  'kill',
  'pidfd_open',
  'process_vm_readv',
  'process_vm_writev',
  'ptrace',
  'socket',
  'socketpair',
  'tkill',
  'vfork',
)

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


class _Program(ctypes.Structure):
  """struct sock_fprog."""

  _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def program(machine: str, pid: int) -> bytes:
  """Writes the filter.

  Args:
    machine: as platform.machine() says.
    pid: of the process that is filtered, the only one it may signal.

  Returns:
    Instructions of classic BPF (struct sock_filter), 8 bytes each.

  Raises:
    KeyError: if the architecture is none of `system_calls.COLUMNS`.
  """
  column = system_calls.COLUMNS[machine]
  numbers = {
    name: row[column]
    for name, row in system_calls.NUMBERS.items()
    if row[column] is not None
  }

  def choose(names, *body):
    """Runs the body, which must return, for these calls only."""
    for name in names:
      if name in numbers:
        yield _EQUAL, 0, len(body), numbers[name]
        yield from body

  def argument(index):
    return _LOAD, 0, 0, _ARGUMENTS_AT + 8 * index

  allow, kill = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL)
  refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
  steps = [
    (_LOAD, 0, 0, _ARCHITECTURE_AT),
    (_EQUAL, 1, 0, system_calls.ARCHITECTURES[machine]),
    kill,
    (_LOAD, 0, 0, _NUMBER_AT),
  ]
  if machine == 'x86_64':
    # The same calls once more, under other numbers.
    steps += [(_AT_LEAST, 0, 1, _X32_BIT), kill]
  steps += [
    *choose(_ALLOWED, allow),
    # Threads, yes; processes, no.
    *choose(
      ('clone',), argument(0), (_ANY_BIT, 0, 1, _CLONE_THREAD), allow, kill
    ),
    # Its flags lie in memory, where a filter cannot look; the C library falls
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
    *choose(_DEADLY, kill),
    refuse,
  ]
  return b''.join(struct.pack('=HBBI', *step) for step in steps)


def install() -> None:
  """Filters this process (one thread), for good; needs no_new_privs.

  Raises:
    OSError: if the kernel refuses, or the architecture is not known.
  """
  machine = platform.machine()
  if machine not in system_calls.COLUMNS:
    raise OSError(errno.ENOSYS, f'no list of system calls for {machine}')
  steps = program(machine, os.getpid())
  filter_ = _Program(len(steps) // 8, steps)
  libc = ctypes.CDLL(None, use_errno=True)
  if libc.prctl(
    _PR_SET_SECCOMP,
    ctypes.c_ulong(_MODE_FILTER),
    ctypes.byref(filter_),
    ctypes.c_ulong(0),
    ctypes.c_ulong(0),
  ):
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))
