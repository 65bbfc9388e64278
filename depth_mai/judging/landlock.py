# SPDX-License-Identifier: Apache-2.0
"""Denies a process access to files and TCP with Landlock.

Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

from collections.abc import Iterable
import ctypes
import os
import struct

# These system calls have the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1

# Version of Landlock -> number of file rights that it knows. It refuses others.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
# Execute, read files, read directories.
_READ = 0b1101
_WRITE_FILE, _IOCTL = 1 << 1, 1 << 15
_BIND_AND_CONNECT = 0b11
# Abstract sockets of other processes, and signals to them.
_SCOPES = 0b11


def version() -> int:
  """Returns the version of Landlock that the kernel enforces, 0 for none."""
  libc = ctypes.CDLL(None, use_errno=True)
  found = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
  return max(0, found)


def attributes(known: int) -> bytes:
  """Returns struct landlock_ruleset_attr with every right a version can deny.

  Args:
    known: version of Landlock, at least 1.
  """
  words = [_file_rights(known)]
  if known >= 4:
    words.append(_BIND_AND_CONNECT)
  if known >= 6:
    words.append(_SCOPES)
  return struct.pack(f'={len(words)}Q', *words)


def deny_everything() -> None:
  """Denies this process all files and, from version 4, TCP, permanently.

  Open files stay open. The process must have set no_new_privs.

  Raises:
    OSError: if the kernel has no Landlock, or refuses.
  """
  _restrict(())


def deny_writing(folder: str) -> None:
  """Denies TCP, and writing outside one folder; all files may be read.

  Args:
    folder: the folder in which the process may write.

  Raises:
    OSError: if the kernel has no Landlock, or refuses.
  """
  everything = _file_rights(max(1, version()))
  _restrict(
    (
      ('/', _READ),
      ('/dev', (_READ | _WRITE_FILE | _IOCTL) & everything),
      (folder, everything),
    )
  )


def _file_rights(known: int) -> int:
  return (1 << _FILE_RIGHTS[min(known, max(_FILE_RIGHTS))]) - 1


def _restrict(allowed: Iterable[tuple[str, int]]) -> None:
  """Denies everything except the given rights in the given folders."""
  libc = ctypes.CDLL(None, use_errno=True)
  denied = attributes(max(1, version()))
  rules = checked(
    libc.syscall(_CREATE_RULESET, denied, ctypes.c_size_t(len(denied)), 0)
  )
  try:
    for path, rights in allowed:
      folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
      try:
        rule = struct.pack('=Qi', rights, folder)
        checked(libc.syscall(_ADD_RULE, rules, _BENEATH, rule, 0))
      finally:
        os.close(folder)
    checked(libc.syscall(_RESTRICT_SELF, rules, 0))
  finally:
    os.close(rules)


def checked(result: int) -> int:
  """Returns the result of a system call.

  Args:
    result: negative if the call failed.

  Raises:
    OSError: if it failed, with the error of the C library.
  """
  if result < 0:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))
  return result
