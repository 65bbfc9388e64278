# SPDX-License-Identifier: Apache-2.0
"""Tests of Landlock on this kernel."""

import ctypes
import os
import pathlib
import struct

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import landlock
from tests.judging import locked

_PR_SET_NO_NEW_PRIVS = 38
_CAP_SYS_ADMIN = 21


def _alone(restrict):
  """Returns a lock that consists of Landlock alone."""

  def lock():
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restrict()

  return lock


class LandlockTest(parameterized.TestCase):
  # linux/landlock.h: 13 rights over files at first; then REFER, TRUNCATE and
  # IOCTL_DEV; TCP came with version 4, scopes with version 6.
  @parameterized.parameters(
    (1, [0x1FFF]),
    (2, [0x3FFF]),
    (3, [0x7FFF]),
    (4, [0x7FFF, 3]),
    (5, [0xFFFF, 3]),
    (6, [0xFFFF, 3, 3]),
    (9, [0xFFFF, 3, 3]),
  )
  def test_requests_the_rights_of_a_version(self, version, words):
    self.assertEqual(
      landlock.attributes(version), struct.pack(f'<{len(words)}Q', *words)
    )

  def test_denies_everything(self):
    self._skip_without()
    for action in (
      lambda: open(__file__),
      lambda: os.listdir('/'),
      lambda: open('/dev/null', 'w'),
      lambda: os.mkdir('/tmp/made_despite_landlock'),
    ):
      _, result = locked.attempt(action, _alone(landlock.deny_everything))
      self.assertEqual(result, 'PermissionError')

  def test_denies_writing(self):
    self._skip_without()
    folder = self.create_tempdir().full_path
    lock = _alone(lambda: landlock.deny_writing(folder))
    for action, want in (
      (lambda: pathlib.Path(__file__).read_text()[:1], "'#'"),
      (lambda: os.mkdir(os.path.join(folder, 'made')), 'None'),
      (lambda: os.mkdir('/tmp/made_despite_landlock'), 'PermissionError'),
    ):
      self.assertEqual(locked.attempt(action, lock)[1], want)

  def test_raises_without_no_new_privs(self):
    self._skip_without()

    def lock():
      # An unprivileged process without no_new_privs.
      try:
        if os.geteuid() == 0:
          os.setresuid(65534, 65534, 65534)
      except OSError:  # This user namespace has no user nobody.
        os._exit(8)
      status = pathlib.Path('/proc/self/status').read_text()
      capabilities = int(status.partition('CapEff:')[2].split()[0], 16)
      if 'NoNewPrivs:\t1' in status or capabilities >> _CAP_SYS_ADMIN & 1:
        os._exit(8)
      try:
        landlock.deny_everything()
      except PermissionError:
        os._exit(7)

    code, _ = locked.attempt(lambda: None, lock)
    if code == 8:
      self.skipTest('privileges cannot be dropped here, as under Bazel')
    self.assertEqual(code, 7)

  def _skip_without(self):
    if not landlock.version():
      self.skipTest('this kernel has no Landlock')


if __name__ == '__main__':
  absltest.main()
