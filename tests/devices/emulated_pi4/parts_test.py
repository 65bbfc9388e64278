# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import stat

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import parts


class _Parts(parts.Parts):
  """Parts that need no network; each writes a file with its name."""

  made = ()
  fails = None

  def _make(self, name, path, folder=True):
    if folder:
      os.makedirs(path)
      target = os.path.join(path, 'inside')
    else:
      target = path
    pathlib.Path(target).write_text(name)
    if self.fails == name:
      raise ValueError(f'{name} failed')
    self.made += (name,)
    return {name: '1'}

  def _host(self, path):
    return self._make('host', path)

  def _guest(self, path):
    return self._make('guest', path)

  def _site(self, path):
    return self._make('site', path)

  def _guest_32(self, path):
    return self._make('guest_32', path)

  def _site_32(self, path):
    return self._make('site_32', path)

  def _include(self, path):
    return self._make('include', path)

  def _plugin(self, path):
    return self._make('plugin.so', path, folder=False)


class PartsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.lines = []

  def _parts(self):
    return _Parts(str(self.root), self.lines.append)

  def test_makes_each_part_once(self):
    first = self._parts()
    versions = first.make_all()
    self.assertEqual(versions['guest'], '1')
    self.assertEqual(
      first.made, ('host', 'guest', 'site', 'include', 'plugin.so')
    )
    self.assertLen(self.lines, 6)
    self.assertEqual(self.lines[0], '[1/6] host')
    again = self._parts()
    self.assertEqual(again.make_all(), versions)
    self.assertEmpty(again.made)
    self.assertEqual(self.lines[-1], '[6/6] python3: already made')

  def test_the_32_bit_system_is_added(self):
    added = self._parts()
    self.assertEqual(added.make_32()['site_32'], '1')
    self.assertEqual(added.made, ('guest_32', 'site_32'))
    self.assertEqual(self.lines[-1], '[3/3] python3_32')
    text = (self.root / 'python3_32').read_text()
    self.assertIn('/qemu-arm -cpu cortex-a15 ', text)
    self.assertIn('guest_32/usr/bin/python3.11 -S', text)

  def test_resumes_after_an_interruption(self):
    first = self._parts()
    first.fails = 'site'
    with self.assertRaisesRegex(ValueError, 'site failed'):
      first.make_all()
    # Neither the failed part nor a temporary file is left.
    self.assertEqual(
      sorted(os.listdir(self.root)), ['guest', 'host', 'parts.json']
    )
    second = self._parts()
    second.make_all()
    self.assertEqual(second.made, ('site', 'include', 'plugin.so'))

  def test_a_part_that_is_not_listed_is_made_again(self):
    # Killed after the renaming: the part may be of another version.
    (self.root / 'host').mkdir()
    (self.root / 'host' / 'old').touch()
    first = self._parts()
    first.make_all()
    self.assertIn('host', first.made)
    self.assertEqual(os.listdir(self.root / 'host'), ['inside'])

  def test_other_versions_are_made_again(self):
    self._parts().make_all()
    self.enter_context(
      absltest.mock.patch.object(parts.installation, 'WHEELS', ('numpy==3.0',))
    )
    changed = self._parts()
    changed.make_all()
    self.assertEqual(changed.made, ('site',))

  def test_a_removed_part_is_made_again(self):
    self._parts().make_all()
    (self.root / 'plugin.so').unlink()
    again = self._parts()
    again.make_all()
    self.assertEqual(again.made, ('plugin.so',))

  def test_the_launcher_is_a_program(self):
    self._parts().make_all()
    path = self.root / 'python3'
    self.assertTrue(path.stat().st_mode & stat.S_IXUSR)
    text = path.read_text()
    self.assertStartsWith(text, '#!/bin/sh\nexec ')
    # With its own path, so that children are emulated as well.
    self.assertIn(f'-0 {path} ', text)
    self.assertIn('-cpu cortex-a72', text)


if __name__ == '__main__':
  absltest.main()
