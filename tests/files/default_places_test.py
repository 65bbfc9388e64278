# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
from unittest import mock

from absl.testing import absltest

from depth_mai.files import default_places


class ExpandedTest(absltest.TestCase):
  def test_the_home_folder(self):
    with mock.patch.dict(os.environ, {'HOME': '/home/ada'}):
      self.assertEqual(
        default_places.expanded('~/a', ''), pathlib.Path('/home/ada/a')
      )
    self.assertEqual(default_places.expanded('a', ''), pathlib.Path('a'))

  def test_no_home_folder(self):
    with mock.patch.dict(os.environ), mock.patch.object(os, 'getuid') as uid:
      os.environ.pop('HOME', None)
      uid.return_value = 54321
      with self.assertRaisesRegex(ValueError, '~/a cannot be found: .* Set X.'):
        default_places.expanded('~/a', 'Set X.')


if __name__ == '__main__':
  absltest.main()
