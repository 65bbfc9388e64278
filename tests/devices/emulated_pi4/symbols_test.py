# SPDX-License-Identifier: Apache-2.0
import ctypes
import os
import shutil
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

  def test_another_file(self):
    with self.assertRaisesRegex(ValueError, 'is not a 64-bit'):
      symbols.find_functions(__file__, {0: 'x'})


if __name__ == '__main__':
  absltest.main()
