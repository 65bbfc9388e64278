# SPDX-License-Identifier: Apache-2.0
import ctypes
import os
import shutil
import struct
import subprocess

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import symbols

_CODE = """
__attribute__((visibility("hidden"), used)) int hidden_one(void) { return 1; }
int shown_two(void) { return hidden_one() + 1; }
int shown_two_more(void) { return 3; }
int number;
"""


class SymbolsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    if shutil.which('gcc') is None:
      self.skipTest('no C compiler')
    folder = self.create_tempdir()
    source = folder.create_file('code.c', _CODE).full_path
    self.path = os.path.join(folder.full_path, 'code.so')
    subprocess.run(
      ['gcc', '-shared', '-fPIC', source, '-o', self.path], check=True
    )

  def test_addresses_are_those_of_the_loader(self):
    found = symbols.find_functions(
      self.path, {0: 'shown_two', 1: 'shown_two_more', 2: 'hidden'}
    )
    library = ctypes.CDLL(self.path)
    address = ctypes.cast(library.shown_two, ctypes.c_void_p).value
    more = ctypes.cast(library.shown_two_more, ctypes.c_void_p).value
    self.assertEqual(found[1] - found[0], more - address)
    # The hidden function works when it is called at its address.
    base = address - found[0]
    hidden = ctypes.CFUNCTYPE(ctypes.c_int)(base + found[2])
    self.assertEqual(hidden(), 1)

  def test_missing_and_ambiguous_symbols(self):
    with self.assertRaisesRegex(ValueError, '2 functions called shown'):
      symbols.find_functions(self.path, {0: 'shown'})
    with self.assertRaisesRegex(ValueError, '0 functions called number'):
      symbols.find_functions(self.path, {0: 'number'})

  def test_32_bits(self):
    # A library of two functions, written by hand with the layouts of
    # /usr/include/elf.h: header, names, symbols, three sections.
    names = b'\0first\0second\0'
    symbol = struct.Struct('<IIIBBH')
    table = symbol.pack(0, 0, 0, 0, 0, 0)
    table += symbol.pack(1, 0x1235, 4, 2, 0, 1)
    table += symbol.pack(7, 0x5678, 4, 2, 0, 1)
    start, sections = 52 + len(names), 52 + len(names) + len(table)
    header = b'\x7fELF\x01\x01\x01' + bytes(9)
    header += struct.pack('<HHIIIIIHHHHHH', 3, 40, 1, 0, 0, sections, 0,
                          52, 0, 0, 40, 3, 0)  # fmt: skip
    section = struct.Struct('<10I')
    content = header + names + table + section.pack(*[0] * 10)
    content += section.pack(0, 2, 0, 0, start, len(table), 2, 1, 4, 16)
    content += section.pack(0, 3, 0, 0, 52, len(names), 0, 0, 1, 0)
    path = self.create_tempdir().create_file('arm.so', content, mode='wb')
    self.assertEqual(
      symbols.find_functions(path.full_path, {'a': 'second', 'b': 'first'}),
      {'a': 0x5678, 'b': 0x1235},
    )

  def test_another_file(self):
    with self.assertRaisesRegex(ValueError, 'is not a little-endian ELF'):
      symbols.find_functions(__file__, {0: 'x'})


if __name__ == '__main__':
  absltest.main()
