# SPDX-License-Identifier: Apache-2.0
"""Tests of --require_sandbox with the real sandbox, and without one."""

import pathlib
from unittest import mock

from absl.testing import absltest

from depth_mai.devices import settings
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import lockdown
from depth_mai.judging import protection
from depth_mai.judging import request
from depth_mai.judging import stages
from tests.judging import edited_model
from tests.judging import lying_server
from tests.judging import small_data

_ALL = dict.fromkeys(lockdown.REQUIRED, lockdown.IN_FORCE)


class ProtectionTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_data.write(self.root, 2)
    self.model = self.root / 'm.tflite'

  def request(self, **changes):
    return request.JudgeRequest(
      self.model, self.root, settings=settings.Settings((1,), 1, 2), **changes
    )

  def unprotected(self):
    """Returns a launcher whose processes lock nothing."""
    with mock.patch.object(
      launcher_lib.fork_server, '__name__', lying_server.__name__
    ):
      return launcher_lib.Launcher()

  def test_missing_layers_are_named(self):
    protection.check('local', _ALL)
    for layer in lockdown.REQUIRED:
      with self.assertRaisesRegex(
        ValueError, f'--require_sandbox: .*missing: .*{layer[:8]}.* [(]not now'
      ):
        protection.check('local', _ALL | {layer: 'not now'})
    with self.assertRaisesRegex(ValueError, 'not reported'):
      protection.check('local', {})

  def test_other_devices_run_files_outside_the_sandbox(self):
    for device in ('adb', 'ssh://pi@board', 'emulated_pi4'):
      with self.assertRaisesRegex(ValueError, f'{device} runs .*=local'):
        protection.check(device, _ALL)

  def test_refuses_before_the_file_is_sent(self):
    self.model.write_bytes(lying_server.file({'take': 'a lie'}))
    with self.unprotected() as launcher:
      for checked in (
        lambda: protection.check_sandbox(self.request(), launcher),
        lambda: stages.judge(
          self.request(require_sandbox=True), print, launcher
        ),
      ):
        with self.assertRaisesRegex(ValueError, '--require_sandbox.*Landlock'):
          checked()
      # Without the flag it is a warning, and the lie is met.
      verdict = stages.judge(self.request(), lambda *_: None, launcher)
      self.assertIn('invalid answer', verdict.errors[0])

  def test_judges_in_the_real_sandbox(self):
    self.model.write_bytes(edited_model.variant())
    with launcher_lib.Launcher() as launcher:
      with launcher.launch(request.Limits(), 1e18) as box:
        if not _ALL.items() <= box.protection.items():
          self.skipTest('This kernel lacks Landlock or seccomp.')
      verdict = stages.judge(
        self.request(require_sandbox=True), lambda *_: None, launcher
      )
      self.assertTrue(verdict.accepted, verdict.errors)
    protection.check_sandbox(self.request())


if __name__ == '__main__':
  absltest.main()
