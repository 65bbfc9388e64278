# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys

from absl.testing import absltest

from depth_mai.files import lock

_HOLDER = """
import sys, time
from depth_mai.files import lock
with lock.locked(sys.argv[1]):
  print('held', flush=True)
  time.sleep(600)
"""


class LockTest(absltest.TestCase):
  def test_killed_program_releases_its_lock(self):
    path = os.path.join(self.create_tempdir(), 'lock')
    holder = subprocess.Popen(
      [sys.executable, '-c', _HOLDER, path],
      stdout=subprocess.PIPE,
      env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)},
    )
    holder.stdout.readline()
    with self.assertRaises(BlockingIOError):
      with lock.locked(path, wait=False):
        pass
    holder.kill()
    holder.communicate()
    with lock.locked(path, wait=False):
      pass

  def test_an_error_releases_the_lock(self):
    path = os.path.join(self.create_tempdir(), 'lock')
    with self.assertRaises(ZeroDivisionError):
      with lock.locked(path):
        raise ZeroDivisionError
    with lock.locked(path, wait=False):
      pass


if __name__ == '__main__':
  absltest.main()
