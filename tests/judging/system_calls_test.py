# SPDX-License-Identifier: Apache-2.0
"""Tests of the numbers against the C library's headers."""

import glob
import pathlib
import platform
import re

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import system_calls

# Where Debian keeps them: of this machine, or of a cross compiler.
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
  def test_are_those_of_the_headers(self, machine):
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
    column = system_calls.COLUMNS[machine]
    for name, numbers in system_calls.NUMBERS.items():
      if numbers[column] is not None:
        self.assertEqual(numbers[column], known[name], name)

  def test_no_number_twice(self):
    for column in range(3):
      numbers = [
        row[column]
        for row in system_calls.NUMBERS.values()
        if row[column] is not None
      ]
      self.assertLen(set(numbers), len(numbers))

  def test_this_machine_is_known(self):
    if platform.machine() not in ('x86_64', 'aarch64', 'armv7l'):
      self.skipTest(f'nobody judges on {platform.machine()}')
    self.assertIn(platform.machine(), system_calls.COLUMNS)


if __name__ == '__main__':
  absltest.main()
