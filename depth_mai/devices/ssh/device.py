# SPDX-License-Identifier: Apache-2.0
"""A Raspberry Pi, or any Linux machine, that is reached over ssh.

The board needs Python and an ssh server. What measures is copied there once
and gets a virtual environment once, under ~/.cache/depth_mai/device; then each
file goes there, is measured by the same code as on this machine, and is removed
again.
"""

from collections.abc import Callable
import os
import pathlib
import sys

from depth_mai.devices import description
from depth_mai.devices import device as device_lib
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import board as board_lib
from depth_mai.devices.ssh import connection as connection_lib
from depth_mai.runtime import configuration


def _to_stderr(line: str) -> None:
  print(line, file=sys.stderr, flush=True)


class SshDevice:
  """Measures on another machine.

  Attributes:
    spec: as --device names it.
  """

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    report_line: Callable[[str], object] = _to_stderr,
  ):
    """Reads the address; connects to nothing yet.

    Args:
      spec: ssh://[USER@]HOST[:PORT][?KEY=VALUE...], see `address.parse`.
      settings: how to measure.
      report_line: takes a line of progress.

    Raises:
      ValueError: spec is no such address.
    """
    self.spec = spec
    self._address = address_lib.parse(spec)
    self._settings = settings
    self._report_line = report_line
    self._machine = None

  def describe(self) -> dict:
    """Asks the machine what it is, once; sets it up the first time.

    Returns:
      As `device.Device.describe`.

    Raises:
      ValueError: it cannot be reached or set up; names the cure.
    """
    machine = self._ask_machine()
    return description.describe(
      'ssh', machine, self._settings, self._note(machine)
    )

  def time_key(self) -> dict:
    """Returns what a report depends on beside file and threads.

    Raises:
      ValueError: as `describe`.
    """
    return description.time_key(
      str(self._address), self._ask_machine(), self._settings
    )

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file there in every configuration.

    Args:
      path: a .tflite file here.

    Returns:
      The report, see device.py.

    Raises:
      ValueError: the file cannot be measured, or the machine not be reached;
        nothing half-done is left on either side.
    """
    model = description.describe_model(path)
    with self._connect() as session:
      board = board_lib.Board(session, self._address)
      self._machine = board.describe_machine()
      self._report_line(f'{self._address}: {self._machine["device"]}')
      there = board.put(model['file'], pathlib.Path(path).read_bytes())
      rows = [
        self._measure(board, model['file'], there, threads, xnnpack)
        for threads in self._settings.threads
        for xnnpack in (True, False)
      ]
    return {
      'format': device_lib.FORMAT,
      'device': str(self._address),
      'kind': 'measured',
      'model': model,
      'machine': self._machine,
      'note': self._note(self._machine),
      'configurations': rows,
    }

  def _measure(
    self,
    board: board_lib.Board,
    name: str,
    path: str,
    threads: int,
    xnnpack: bool,
  ) -> dict:
    """Measures one configuration there."""
    settings = self._settings
    request = configuration.Request(
      path, threads, xnnpack, settings.warmup, settings.runs, settings.cpus
    )
    doing = (
      f'measuring with {threads} threads, XNNPACK {"on" * xnnpack or "off"}'
    )
    done = board.run(request.arguments(), doing, settings.timeout_s)
    try:
      if done['timed_out']:
        raise ValueError(request.took_too_long(settings.timeout_s))
      row = request.read_answer(
        done['returncode'], done['stdout'], done['stderr']
      )
    except ValueError as error:
      # The file has another name there.
      message = str(error).replace(path, name)
      raise ValueError(f'{self._address}: {message}') from error
    self._report_line(f'{self._address} {doing}: {row["median_ms"]:.3f} ms')
    return row

  def _ask_machine(self) -> dict:
    if self._machine is None:
      with self._connect() as session:
        board = board_lib.Board(session, self._address)
        self._machine = board.describe_machine()
    return self._machine

  def _connect(self) -> connection_lib.Connection:
    return connection_lib.Connection(self._address, self._report_line)

  def _note(self, machine: dict) -> str:
    """Says what machine the figures are of, and what they do not say."""
    measured = f'Measured on {machine["device"]} over {self._address}'
    if machine['is_raspberry_pi']:
      return f'{measured}.'
    return (
      f'{measured}, not on a Raspberry Pi: the figures compare models and '
      'settings there and say nothing of the time on a Raspberry Pi.'
    )
