# SPDX-License-Identifier: Apache-2.0
"""Tests of the filter, run by a BPF interpreter in Python."""

import errno
import glob
import pathlib
import platform
import re
import struct

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import seccomp

_KILL, _ALLOW, _REFUSE = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EPERM
_PID = 4711
_MACHINES = ('x86_64', 'aarch64', 'armv7l')


def _decide(machine, number, arguments=(), architecture=None):
  """Returns the decision of the filter on a call."""
  if architecture is None:
    architecture = seccomp.ARCHITECTURES[machine]
  arguments = [*arguments, *[0] * (6 - len(arguments))]
  data = struct.pack('<IIQ6Q', number, architecture, 0, *arguments)
  steps = list(struct.iter_unpack('<HBBI', seccomp.program(machine, _PID)))
  at, value = 0, 0
  while True:
    code, if_true, if_false, constant = steps[at]
    if code == 0x20:
      (value,) = struct.unpack_from('<I', data, constant)
      at += 1
      continue
    if code == 0x06:
      return constant
    true = {
      0x15: value == constant,
      0x35: value >= constant,
      0x45: value & constant != 0,
    }[code]
    at += 1 + (if_true if true else if_false)


def _call(machine, name, *arguments):
  column = seccomp.COLUMNS[machine]
  return _decide(machine, seccomp.NUMBERS[name][column], arguments)


class ProgramTest(parameterized.TestCase):
  @parameterized.parameters(*_MACHINES)
  def test_calls_of_a_network_are_allowed(self, machine):
    for name in ('read', 'write', 'futex', 'munmap', 'exit_group', 'getrandom'):
      self.assertEqual(_call(machine, name), _ALLOW, name)

  @parameterized.parameters(*_MACHINES)
  def test_calls_of_an_attack_kill(self, machine):
    for name in ('execve', 'execveat', 'socket', 'ptrace', 'kill', 'tkill'):
      self.assertEqual(_call(machine, name), _KILL, name)

  @parameterized.parameters(
    # open, openat, openat2, ioctl, bpf, setuid of these architectures.
    ('x86_64', (2, 257, 437, 16, 321, 105)),
    ('aarch64', (56, 437, 29, 280, 146)),
    ('armv7l', (5, 322, 437, 54, 386, 23)),
  )
  def test_unlisted_calls_fail(self, machine, numbers):
    for number in (*numbers, 5000):
      self.assertEqual(_decide(machine, number), _REFUSE, number)

  @parameterized.parameters(*_MACHINES)
  def test_threads_but_no_processes(self, machine):
    # Flags of pthread_create and of fork (linux/sched.h).
    self.assertEqual(_call(machine, 'clone', 0x3D0F00), _ALLOW)
    self.assertEqual(_call(machine, 'clone', 0x01200011), _KILL)
    self.assertEqual(
      _call(machine, 'clone3', 0x3D0F00), 0x00050000 | errno.ENOSYS
    )

  @parameterized.parameters(*_MACHINES)
  def test_memory_but_no_code(self, machine):
    name = 'mmap2' if machine == 'armv7l' else 'mmap'
    for call in (name, 'mprotect'):
      self.assertEqual(_call(machine, call, 0, 4096, 3), _ALLOW)
      self.assertEqual(_call(machine, call, 0, 4096, 7), _REFUSE)
      self.assertEqual(_call(machine, call, 0, 4096, 5), _REFUSE)

  @parameterized.parameters(*_MACHINES)
  def test_signals_to_itself_only(self, machine):
    self.assertEqual(_call(machine, 'tgkill', _PID, _PID, 6), _ALLOW)
    self.assertEqual(_call(machine, 'tgkill', 1, 1, 9), _KILL)

  def test_numbers_of_other_architectures(self):
    # The 32-bit calls of an x86-64 machine, and the x32 ones.
    self.assertEqual(_decide('x86_64', 0, architecture=0x40000003), _KILL)
    self.assertEqual(_decide('x86_64', 0x40000000), _KILL)
    self.assertEqual(_decide('aarch64', 63, architecture=0x40000028), _KILL)

  def test_unknown_machines(self):
    with self.assertRaises(KeyError):
      seccomp.program('riscv64', _PID)


# Debian's headers of this machine, or of a cross compiler.
_HEADERS = {
  'x86_64': ('/usr/include/x86_64-linux-gnu/asm/unistd_64.h',),
  'aarch64': ('/usr/include/asm-generic/unistd.h',),
  'armv7l': (
    '/usr/include/arm-linux-gnueabihf/asm/unistd-*.h',
    '/usr/arm-linux-gnueabihf/include/asm/unistd-*.h',
  ),
}
_LINE = re.compile(
  r'#define __NR(?:3264)?_(\w+)\s+(?:\(__NR_SYSCALL_BASE \+ )?(\d+)'
)


class NumbersTest(parameterized.TestCase):
  @parameterized.parameters(*_HEADERS)
  def test_numbers_are_those_of_the_headers(self, machine):
    texts = [
      pathlib.Path(path).read_text()
      for pattern in _HEADERS[machine]
      for path in glob.glob(pattern)
    ]
    if not texts:
      self.skipTest(f'no kernel headers of {machine} are installed')
    known = {
      name: int(number)
      for text in texts
      for name, number in _LINE.findall(text)
    }
    column = seccomp.COLUMNS[machine]
    for name, numbers in seccomp.NUMBERS.items():
      if numbers[column] is not None:
        self.assertEqual(numbers[column], known[name], name)

  def test_no_number_twice(self):
    for column in range(3):
      numbers = [
        row[column]
        for row in seccomp.NUMBERS.values()
        if row[column] is not None
      ]
      self.assertLen(set(numbers), len(numbers))

  def test_this_machine_is_known(self):
    if platform.machine() not in ('x86_64', 'aarch64', 'armv7l'):
      self.skipTest(f'the judge does not support {platform.machine()}')
    self.assertIn(platform.machine(), seccomp.COLUMNS)


if __name__ == '__main__':
  absltest.main()
