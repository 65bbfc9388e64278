# SPDX-License-Identifier: Apache-2.0
"""An Android phone that is reached with adb.

With TensorFlow Lite's `benchmark_model` for Android the phone is measured as
any device. Without it the file is put where the app AI Benchmark looks for a
model of one's own, as the organisers of the challenge had participants do
(ai-benchmark.com, "May 2020 release": a `model.tflite` in the Download folder,
PRO mode); its figures are read off the phone.
"""

from collections.abc import Callable
import hashlib
import os
import shlex
import shutil
import subprocess
import sys

from depth_mai.devices import benchmark_model
from depth_mai.devices import description
from depth_mai.devices import device as device_lib
from depth_mai.devices import settings as settings_lib

# Where programs of the shell may lie and run.
_FOLDER = '/data/local/tmp/depth_mai'
_PROGRAM = f'{_FOLDER}/benchmark_model'
_FOR_THE_APP = '/sdcard/Download/model.tflite'

# For adb itself, over what the measurement takes.
_ADB_S = 60.0

# What a phone's state in `adb devices` asks for.
_CURES = {
  'unauthorized': 'unlock it and allow USB debugging in the dialog that it '
  'shows',
  'authorizing': 'wait a moment, or allow USB debugging on it',
  'offline': 'plug it in again',
  'no permissions': 'allow it to this user: sudo apt-get install '
  'android-sdk-platform-tools-common, and plug it in again',
}
_NO_STATE = {
  'governor': None,
  'cpu_mhz': None,
  'temperature_c': None,
  'throttled': None,
  'load_average': None,
}


def _to_stderr(line: str) -> None:
  print(line, file=sys.stderr, flush=True)


class AdbDevice:
  """Measures on a phone.

  Attributes:
    spec: as --device names it.
  """

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    report_line: Callable[[str], object] = _to_stderr,
  ):
    """Keeps the arguments; asks nothing yet.

    Args:
      spec: 'adb', or 'adb:SERIAL' where several phones are attached.
      settings: how to measure; without adb_benchmark the file is put where
        the app AI Benchmark looks for it.
      report_line: takes a line of progress.

    Raises:
      ValueError: spec is something else, or there is no such file.
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
    self.spec = spec
    self._settings = settings
    self._program = program
    self._report_line = report_line
    self._machine = None

  def describe(self) -> dict:
    """Asks the phone what it is, once.

    Returns:
      As `device.Device.describe`.

    Raises:
      ValueError: adb is not installed or no phone is ready; names the cure.
    """
    return description.describe(
      'adb', self._ask_machine(), self._settings, self._note()
    )

  def time_key(self) -> dict:
    """Returns what a report depends on beside file and threads.

    Raises:
      ValueError: as `describe`.
    """
    return description.time_key('adb', self._ask_machine(), self._settings)

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file on the phone in every configuration.

    Args:
      path: a .tflite file.

    Returns:
      The report, see device.py; rows have p5_ms and p95_ms, and None for what
      benchmark_model does not tell.

    Raises:
      ValueError: no phone is ready, or the file cannot be measured; without
        --adb_benchmark always, with what to do on the phone: the file is there.
    """
    model = description.describe_model(path)
    machine = self._ask_machine()
    if not self._program:
      raise ValueError(self._put_for_the_app(path))
    try:
      self._shell(f'rm -rf {_FOLDER} && mkdir -p {_FOLDER}')
      self._report_line(f'{self.spec} takes {model["file"]}')
      self._adb('push', self._program, _PROGRAM)
      self._shell(f'chmod 755 {_PROGRAM}')
      self._adb('push', os.fspath(path), f'{_FOLDER}/model.tflite')
      rows = [
        self._measure(threads, xnnpack)
        for threads in self._settings.threads
        for xnnpack in (True, False)
      ]
    finally:
      self._clear_up()
    return {
      'format': device_lib.FORMAT,
      'device': self.spec,
      'kind': 'measured',
      'model': model,
      'machine': machine,
      'note': self._note(),
      'configurations': rows,
    }

  def _measure(self, threads: int, xnnpack: bool) -> dict:
    """Measures one configuration on the phone."""
    settings = self._settings
    command = [
      _PROGRAM,
      *benchmark_model.arguments(
        f'{_FOLDER}/model.tflite',
        threads,
        xnnpack,
        settings.warmup,
        settings.runs,
        settings.timeout_s,
      ),
    ]
    if settings.cpus:
      mask = sum(1 << cpu for cpu in settings.cpus)
      command = ['taskset', f'{mask:x}', *command]
    # The program talks on either stream.
    text = self._shell(shlex.join(command) + ' 2>&1', settings.timeout_s)
    try:
      figures = benchmark_model.read_output(text)
    except ValueError as error:
      raise ValueError(f'{self.spec}: {error}') from error
    memory_mb = figures.pop('memory_mb')
    self._report_line(
      f'{self.spec}, {threads} threads, XNNPACK {"on" if xnnpack else "off"}: '
      f'{figures["mean_ms"]:.3f} ms on average'
    )
    return {
      'device': self._machine['device'],
      'runtime': self._machine['runtime'],
      'runtime_version': self._machine['runtime_version'],
      'threads': threads,
      'xnnpack': xnnpack,
      'cpus': list(settings.cpus) or None,
      'warmup': settings.warmup,
      'p10_ms': None,
      'p90_ms': None,
      'with_copies_median_ms': None,
      'operators': None,
      'operators_outside': None,
      'peak_rss_mb': None,
      'model_memory_mb': memory_mb,
      'state_before': _NO_STATE,
      'state_after': _NO_STATE,
      **figures,
      'partitions': figures['partitions'] if xnnpack else 0,
    }

  def _put_for_the_app(self, path: str | os.PathLike[str]) -> str:
    """Puts the file where AI Benchmark looks; returns what to do there."""
    part = f'{_FOR_THE_APP}.part'
    try:
      self._adb('push', os.fspath(path), part)
      self._shell(f'mv {part} {_FOR_THE_APP}')
    except BaseException:
      self._shell(f'rm -f {part}', check=False)
      raise
    return (
      f'{self.spec}: the file is on the phone as {_FOR_THE_APP}. Open AI '
      'Benchmark there (version 4 or newer, ai-benchmark.com), go to its PRO '
      'mode, choose the acceleration and run the custom model; the app shows '
      'the runtime, or why it cannot run it. To have figures here, give '
      '--adb_benchmark the benchmark_model program for Android.'
    )

  def _ask_machine(self) -> dict:
    """Returns the phone as `environment.describe_machine` would."""
    if self._machine is None:
      self._serial = self._find_phone()
      maker, model, abi, release, count = self._shell(
        'getprop ro.product.manufacturer; getprop ro.product.model; '
        'getprop ro.product.cpu.abi; getprop ro.build.version.release; nproc'
      ).split('\n')[:5]
      self._machine = {
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
    return self._machine

  def _program_version(self) -> str:
    """Returns what tells one program from another: it has no version."""
    if not self._program:
      return 'unknown'
    with open(self._program, 'rb') as stream:
      return f'sha256 {hashlib.sha256(stream.read()).hexdigest()[:12]}'

  def _find_phone(self) -> str:
    """Returns the serial number of the phone to use."""
    if shutil.which('adb') is None:
      raise ValueError(
        f'--device={self.spec} needs the program adb. Install it (Debian: sudo '
        'apt-get install adb).'
      )
    phones = {}
    for line in self._run(['adb', 'devices'], _ADB_S).splitlines():
      serial, tab, state = line.partition('\t')
      if tab:
        phones[serial] = state.strip()
    if self._serial and self._serial not in phones:
      raise ValueError(
        f'--device={self.spec}: no such phone is attached; adb sees '
        f'{", ".join(phones) or "none"}.'
      )
    if not phones:
      raise ValueError(
        f'--device={self.spec}: no phone is attached. Turn USB debugging on '
        '(Settings, Developer options), plug it in and see that "adb devices" '
        'lists it.'
      )
    if not self._serial and len(phones) > 1:
      raise ValueError(
        f'--device={self.spec}: several phones are attached; choose one with '
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
        f'--device={self.spec}: the phone {serial} is not ready ({state}): '
        f'{cure}.'
      )
    return serial

  def _shell(
    self, command: str, timeout_s: float = 0.0, check: bool = True
  ) -> str:
    """Runs a command in the phone's shell; returns what it prints."""
    return self._adb('shell', command, timeout_s=timeout_s, check=check)

  def _adb(
    self, *words: str, timeout_s: float = 0.0, check: bool = True
  ) -> str:
    command = ['adb', '-s', self._serial, *words]
    return self._run(command, timeout_s + _ADB_S, check)

  def _run(
    self, command: list[str], timeout_s: float, check: bool = True
  ) -> str:
    """Runs adb; returns what it prints."""
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
    """Removes what is ours from the phone, if that still answers."""
    try:
      self._shell(f'rm -rf {_FOLDER}', check=False)
    except ValueError as error:
      self._report_line(f'{error} {_FOLDER} stays on the phone.')

  def _note(self) -> str:
    return (
      f'Measured on {self._ask_machine()["device"]} over adb, with '
      'benchmark_model and random input: the figures say nothing of the time '
      'on a Raspberry Pi.'
    )
