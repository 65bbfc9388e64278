# SPDX-License-Identifier: Apache-2.0
"""Measures on an Android phone, which is reached with adb.

With TensorFlow Lite's `benchmark_model` for Android, a phone is measured like
any other device. Without it, the file is put where the app AI Benchmark looks
for the user's own model, as the organisers of the challenge had participants do
(ai-benchmark.com, "May 2020 release": a `model.tflite` in the Download folder,
PRO mode); the app then shows the figures.
"""

from collections.abc import Callable
import hashlib
import os
import shlex
import shutil
import subprocess

from depth_mai.devices import benchmark_model
from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import configuration

# A folder from which the phone's shell may run programs.
_FOLDER = '/data/local/tmp/depth_mai'
_PROGRAM = f'{_FOLDER}/benchmark_model'
_MODEL = f'{_FOLDER}/model.tflite'
_APP_MODEL = '/sdcard/Download/model.tflite'

# Time limit of adb itself, in addition to that of the measurement.
_ADB_S = 60.0

# What helps for each state of a phone in `adb devices`.
_CURES = {
  'unauthorized': 'unlock it and allow USB debugging in the dialog on its '
  'screen',
  'authorizing': 'wait a moment, or allow USB debugging on it',
  'offline': 'plug it in again',
  'no permissions': 'give this user access (sudo apt-get install '
  'android-sdk-platform-tools-common) and plug it in again',
}
_UNKNOWN_STATE = {
  'governor': None,
  'cpu_mhz': None,
  'temperature_c': None,
  'throttled': None,
  'load_average': None,
}


class AdbDevice(device.Device):
  """Measures on a phone."""

  kind = 'adb'
  closes_sizes = False

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    report_line: Callable[[str], object] = device.to_stderr,
  ):
    """Keeps the arguments; does not contact the phone.

    Args:
      spec: 'adb', or 'adb:SERIAL' where several phones are attached.
      settings: how to measure; without adb_benchmark, the file is put where
        the app AI Benchmark looks for it.
      report_line: called with each line of progress.

    Raises:
      ValueError: `spec` is not of this form, or there is no such program.
    """
    name, colon, self._serial = spec.partition(':')
    if name != 'adb' or (colon and not self._serial):
      raise ValueError(
        f'--device={spec} names no phone: give adb, or adb:SERIAL with a '
        'serial number that "adb devices" shows.'
      )
    program = settings.adb_benchmark
    if program and not os.path.isfile(program):
      raise ValueError(
        f'--adb_benchmark={program}: there is no such file. Give '
        'benchmark_model for Android, for example '
        'android_aarch64_benchmark_model of the TensorFlow Lite performance '
        'tools.'
      )
    super().__init__(spec, settings, report_line)
    self._program = program

  def time_key(self) -> dict:
    """Returns everything but file and threads on which a time depends.

    Raises:
      ValueError: see `describe`.
    """
    # Phones of one model are the same device, whatever their serial numbers.
    return {**super().time_key(), 'device': 'adb'}

  def _access(self) -> str:
    return 'over adb with benchmark_model and random input'

  def _measure(self, path: str) -> list[dict]:
    """Measures a file on the phone.

    Args:
      path: a .tflite file.

    Returns:
      The report's configurations, see device.py, also with p5_ms and p95_ms;
      figures that benchmark_model does not print are None.

    Raises:
      ValueError: no phone is ready, or the file cannot be measured. Without
        --adb_benchmark always, once the file is on the phone; the message says
        what to do there.
    """
    machine = self._machine
    if not self._program:
      raise ValueError(self._put_for_the_app(path))
    try:
      self._shell(f'rm -rf {_FOLDER} && mkdir -p {_FOLDER}')
      self._report_line(f'{self.spec}: copying {os.path.basename(path)}')
      self._adb('push', self._program, _PROGRAM)
      self._shell(f'chmod 755 {_PROGRAM}')
      self._adb('push', path, _MODEL)
      return [
        self._measure_one(machine, request) for request in self.requests(_MODEL)
      ]
    finally:
      self._clear_up()

  def _measure_one(self, machine: dict, request: configuration.Request) -> dict:
    """Returns one configuration, measured on the phone."""
    timeout_s = self._settings.timeout_s
    command = [_PROGRAM, *benchmark_model.arguments(request, timeout_s)]
    if request.cpus:
      mask = sum(1 << cpu for cpu in request.cpus)
      command = ['taskset', f'{mask:x}', *command]
    # The program prints to both streams.
    text = self._shell(shlex.join(command) + ' 2>&1', timeout_s)
    try:
      figures = benchmark_model.read_output(text)
    except ValueError as error:
      raise ValueError(f'{self.spec}: {error}') from error
    memory_mb = figures.pop('memory_mb')
    self._report_line(
      f'{self.spec}: {request.num_threads} threads, XNNPACK '
      f'{"on" if request.xnnpack else "off"}: {figures["mean_ms"]:.3f} ms on '
      'average'
    )
    return {
      'device': machine['device'],
      'runtime': machine['runtime'],
      'runtime_version': machine['runtime_version'],
      'threads': request.num_threads,
      'xnnpack': request.xnnpack,
      'cpus': list(request.cpus) or None,
      'warmup': request.warmup,
      'p10_ms': None,
      'p90_ms': None,
      'with_copies_median_ms': None,
      'operators': None,
      'operators_outside': None,
      'peak_rss_mb': None,
      'model_memory_mb': memory_mb,
      'state_before': _UNKNOWN_STATE,
      'state_after': _UNKNOWN_STATE,
      **figures,
      'partitions': figures['partitions'] if request.xnnpack else 0,
    }

  def _put_for_the_app(self, path: str) -> str:
    """Puts the file where AI Benchmark looks; returns what to do there."""
    part = f'{_APP_MODEL}.part'
    try:
      self._adb('push', path, part)
      self._shell(f'mv {part} {_APP_MODEL}')
    except BaseException:
      self._shell(f'rm -f {part}', check=False)
      raise
    return (
      f'{self.spec}: the file is on the phone as {_APP_MODEL}. Open AI '
      'Benchmark there (version 4 or newer, ai-benchmark.com), go to its PRO '
      'mode, choose the acceleration and run the custom model; the app shows '
      'the runtime, or why it cannot run it. To get the figures here, give '
      '--adb_benchmark the benchmark_model program for Android.'
    )

  def _ask_machine(self) -> dict:
    """Returns the phone in the form of `environment.describe_machine`."""
    self._serial = self._find_phone()
    maker, model, abi, release, count = self._shell(
      'getprop ro.product.manufacturer; getprop ro.product.model; '
      'getprop ro.product.cpu.abi; getprop ro.build.version.release; nproc'
    ).split('\n')[:5]
    return {
      'device': f'{maker.strip()} {model.strip()}'.strip(),
      'is_raspberry_pi': False,
      'cpu_count': int(count) if count.strip().isdigit() else None,
      'cpu_max_mhz': None,
      'architecture': abi.strip(),
      'os': f'Android {release.strip()}',
      'python': None,
      'runtime': 'benchmark_model' if self._program else 'AI Benchmark',
      'runtime_version': self._program_version(),
    }

  def _program_version(self) -> str:
    """Returns the program's hash, because it has no version."""
    if not self._program:
      return 'unknown'
    with open(self._program, 'rb') as stream:
      return f'sha256 {hashlib.sha256(stream.read()).hexdigest()[:12]}'

  def _find_phone(self) -> str:
    """Returns the serial number of the phone to use."""
    given = f'--device={self.spec}'
    if shutil.which('adb') is None:
      raise ValueError(
        f'{given} needs the program adb. Install it (Debian: sudo apt-get '
        'install adb).'
      )
    phones = {}
    for line in self._run(['adb', 'devices'], _ADB_S).splitlines():
      serial, tab, state = line.partition('\t')
      if tab:
        phones[serial] = state.strip()
    if self._serial and self._serial not in phones:
      raise ValueError(
        f'{given}: no such phone is attached; adb sees '
        f'{", ".join(phones) or "none"}.'
      )
    if not phones:
      raise ValueError(
        f'{given}: no phone is attached. Turn on USB debugging (Settings, '
        'Developer options), plug the phone in and check that "adb devices" '
        'lists it.'
      )
    if not self._serial and len(phones) > 1:
      raise ValueError(
        f'{given}: several phones are attached; choose one with '
        f'--device=adb:SERIAL, SERIAL one of {", ".join(phones)}.'
      )
    serial = self._serial or next(iter(phones))
    state = phones[serial]
    if state != 'device':
      cure = next(
        (cure for start, cure in _CURES.items() if state.startswith(start)),
        'start it normally',
      )
      raise ValueError(
        f'{given}: the phone {serial} is not ready ({state}): {cure}.'
      )
    return serial

  def _shell(
    self, command: str, timeout_s: float = 0.0, check: bool = True
  ) -> str:
    """Runs a command in the phone's shell; returns its output."""
    return self._adb('shell', command, timeout_s=timeout_s, check=check)

  def _adb(
    self, *words: str, timeout_s: float = 0.0, check: bool = True
  ) -> str:
    command = ['adb', '-s', self._serial, *words]
    return self._run(command, timeout_s + _ADB_S, check)

  def _run(
    self, command: list[str], timeout_s: float, check: bool = True
  ) -> str:
    """Runs adb; returns its output."""
    try:
      done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors='replace',
        timeout=timeout_s,
      )
    except subprocess.TimeoutExpired as error:
      raise ValueError(
        f'{self.spec}: {shlex.join(command)} was not done after '
        f'{timeout_s:g} s; allow more with --timeout_s.'
      ) from error
    if check and done.returncode:
      words = ' '.join((done.stderr + ' ' + done.stdout[-500:]).split())
      raise ValueError(
        f'{self.spec}: {shlex.join(command)} failed with code '
        f'{done.returncode}: {words}'
      )
    return done.stdout

  def _clear_up(self) -> None:
    """Removes our folder from the phone, if the phone still answers."""
    try:
      self._shell(f'rm -rf {_FOLDER}', check=False)
    except ValueError as error:
      self._report_line(f'{error} {_FOLDER} stays on the phone.')
