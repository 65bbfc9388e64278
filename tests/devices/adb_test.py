# SPDX-License-Identifier: Apache-2.0
"""Tests phones, with a replacement of adb and with the real adb.

Tests have no phone. The replacement is a program called adb that uses a folder
as the phone's disk and runs commands in this machine's shell.
"""

import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import adb
from depth_mai.devices import settings as settings_lib
from tests.runtime import foreign_model
from tests.runtime import tiny_model

_REPLACEMENT = r"""#!/bin/sh
# /data and /sdcard are folders of $PHONE.
echo "$@" >> "$PHONE/log"
if [ "$1" = devices ]; then
  printf 'List of devices attached\n'
  cat "$PHONE/devices"
  exit
fi
[ "$1" = -s ] && [ "$2" = PHONE1 ] || exit 9
shift 2
if [ "$1" = push ]; then
  exec cp "$2" "$PHONE$3"
fi
there="s#/data/#$PHONE/data/#g; s#/sdcard/#$PHONE/sdcard/#g"
command=$(echo "$2" | sed "$there")
PATH="$PHONE/bin:$PATH" exec sh -c "$command"
"""
_GETPROP = r"""#!/bin/sh
case $1 in
  ro.product.manufacturer) echo Maker;;
  ro.product.model) echo 'Phone 7';;
  ro.product.cpu.abi) echo arm64-v8a;;
  ro.build.version.release) echo 14;;
esac
"""
_PROGRAM = r"""#!/bin/sh
echo "$@" >> "$PHONE/calls"
[ -s "${1#--graph=}" ] || exit 3
echo 'INFO: count=50 first=9 curr=8 min=7000 max=9 avg=8 std=500 p5=7500 median=8000 p95=9000'
case $3 in *true) echo '... executed by the delegate w/ 3 delegate kernels.';; esac
echo 'INFO: Inference timings in us: Init: 614333, Inference (avg): 8100.5' >&2
echo 'Memory footprint delta from the start of the tool (MB): init=1 overall=2.5'
"""  # noqa: E501


def _write_program(path, text):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(text, encoding='utf-8')
  path.chmod(path.stat().st_mode | stat.S_IXUSR)
  return str(path)


@absltest.skipIf(sys.platform == 'win32', 'the replacement is a shell script')
class ReplacementTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.phone = pathlib.Path(self.create_tempdir().full_path)
    for folder in ('data/local/tmp', 'sdcard/Download'):
      (self.phone / folder).mkdir(parents=True)
    host = self.phone / 'host'
    _write_program(host / 'adb', _REPLACEMENT)
    _write_program(self.phone / 'bin' / 'getprop', _GETPROP)
    self.program = _write_program(host / 'program', _PROGRAM)
    self._attach('PHONE1\tdevice\n\n')
    self.enter_context(
      absltest.mock.patch.dict(
        os.environ,
        {'PATH': f'{host}:{os.environ["PATH"]}', 'PHONE': str(self.phone)},
      )
    )
    self.lines = []

  def _attach(self, text):
    (self.phone / 'devices').write_text(text)

  def _device(self, spec='adb', program=None, **settings):
    asked = settings_lib.Settings(**settings, adb_benchmark=program or '')
    return adb.AdbDevice(spec, asked, self.lines.append)

  def _model(self, content=None):
    return self.create_tempfile(
      'm.tflite', content or tiny_model.float_model()
    ).full_path

  def test_a_file_with_an_open_size_is_refused(self):
    path = self._model(foreign_model.mean((1, -1, -1, 3)))
    with self.assertRaisesRegex(ValueError, 'one pixel. Convert it for 640'):
      self._device(program=self.program).measure(path)

  def test_measures(self):
    report = self._device(program=self.program, threads=(1, 4)).measure(
      self._model()
    )
    self.assertEqual(report['machine']['device'], 'Maker Phone 7')
    self.assertEqual(report['machine']['os'], 'Android 14')
    self.assertEqual(report['machine']['architecture'], 'arm64-v8a')
    rows = report['configurations']
    self.assertEqual(
      [
        (row['threads'], row['xnnpack'], row['partitions'], row['median_ms'])
        for row in rows
      ],
      [(1, True, 3, 8.0), (1, False, 0, 8.0)]
      + [(4, True, 3, 8.0), (4, False, 0, 8.0)],
    )
    self.assertEqual(rows[0]['mean_ms'], 8.1005)
    self.assertEqual(rows[0]['model_memory_mb'], 2.5)
    calls = (self.phone / 'calls').read_text().splitlines()
    self.assertLen(calls, 4)
    self.assertIn('--num_threads=4 --use_xnnpack=false', calls[3])
    self.assertIn('--warmup_runs=10 --num_runs=50', calls[0])
    self.assertEmpty(list((self.phone / 'data/local/tmp').iterdir()))

  @absltest.skipIf(shutil.which('taskset') is None, 'taskset is not installed')
  def test_uses_the_given_cpus(self):
    usable = sorted(os.sched_getaffinity(0))[:1]
    device = self._device(program=self.program, cpus=tuple(usable))
    rows = device.measure(self._model())['configurations']
    self.assertEqual(rows[0]['cpus'], usable)
    log = (self.phone / 'log').read_text()
    self.assertIn(f'taskset {1 << usable[0]:x} /data/', log)

  def test_program_fails(self):
    program = _write_program(
      self.phone / 'bad', '#!/bin/sh\necho "Failed to load"; exit 1\n'
    )
    with self.assertRaisesRegex(ValueError, 'code 1: Failed to load'):
      self._device(program=program).measure(self._model())
    self.assertEmpty(list((self.phone / 'data/local/tmp').iterdir()))

  def test_puts_the_file_for_the_app(self):
    content = tiny_model.float_model()
    with self.assertRaisesRegex(
      ValueError, r'(?s)Download/model.tflite. Open AI Benchmark.*PRO mode'
    ):
      self._device().measure(self._model(content))
    folder = self.phone / 'sdcard' / 'Download'
    self.assertEqual(os.listdir(folder), ['model.tflite'])
    self.assertEqual((folder / 'model.tflite').read_bytes(), content)

  def test_describes_itself(self):
    device = self._device(program=self.program)
    described = device.describe()
    self.assertEqual(described['kind'], 'adb')
    self.assertEqual(described['name'], 'Maker Phone 7')
    self.assertRegex(described['runtime_version'], 'sha256 [0-9a-f]{12}$')
    self.assertEqual(device.time_key()['machine']['runtime'], 'benchmark_model')

  @parameterized.parameters(
    ('', 'adb', 'no phone is attached.*USB debugging'),
    ('PHONE1\tunauthorized\n', 'adb', 'PHONE1 is not ready .*in the dialog'),
    ('PHONE1\toffline\n', 'adb', 'not ready .offline.: plug it in again'),
    (
      'PHONE1\tno permissions (user in plugdev group; see [http://x])\n',
      'adb',
      'not ready .no permissions.*tools-common',
    ),
    ('PHONE1\trecovery\n', 'adb', 'not ready .recovery.: start it normally'),
    (
      'PHONE1\tdevice\nemulator-5554\tdevice\n',
      'adb',
      'adb:SERIAL, SERIAL one of PHONE1, emulator-5554',
    ),
    ('PHONE1\tdevice\n', 'adb:PHONE2', 'no such phone.*adb sees PHONE1'),
  )
  def test_phones_that_are_not_ready(self, attached, spec, message):
    self._attach(attached)
    with self.assertRaisesRegex(ValueError, f'--device={spec}.*{message}'):
      self._device(spec).measure(self._model())

  def test_chooses_the_phone(self):
    self._attach('PHONE1\tdevice\nPHONE2\tunauthorized\n')
    self.assertEqual(
      self._device('adb:PHONE1').describe()['name'], 'Maker Phone 7'
    )


class WithoutPhoneTest(absltest.TestCase):
  @absltest.skipIf(shutil.which('adb') is None, 'adb is not installed')
  def test_real_adb(self):
    # Its own server, because another one may have a phone.
    with socket.socket() as probe:
      probe.bind(('127.0.0.1', 0))
      port = str(probe.getsockname()[1])
    environment = {'ANDROID_ADB_SERVER_PORT': port}
    with absltest.mock.patch.dict(os.environ, environment):
      try:
        if '\tdevice' in subprocess.check_output(['adb', 'devices'], text=True):
          self.skipTest('a phone is attached')
        with self.assertRaisesRegex(ValueError, 'no phone is attached'):
          adb.AdbDevice('adb', settings_lib.Settings()).describe()
        with self.assertRaisesRegex(ValueError, 'no such phone is attached'):
          adb.AdbDevice('adb:X', settings_lib.Settings()).time_key()
      finally:
        subprocess.run(['adb', 'kill-server'], capture_output=True)

  def test_no_adb(self):
    with absltest.mock.patch.dict(os.environ, {'PATH': '/no/such'}):
      with self.assertRaisesRegex(ValueError, 'apt-get install adb'):
        adb.AdbDevice('adb', settings_lib.Settings()).describe()

  def test_bad_arguments(self):
    for spec in ('adb:', 'adbx'):
      with self.assertRaisesRegex(
        ValueError, f'--device={spec} names no phone'
      ):
        adb.AdbDevice(spec, settings_lib.Settings())
    with self.assertRaisesRegex(
      ValueError, 'adb_benchmark=/no: .*no such file'
    ):
      adb.AdbDevice('adb', settings_lib.Settings(adb_benchmark='/no'))


if __name__ == '__main__':
  absltest.main()
