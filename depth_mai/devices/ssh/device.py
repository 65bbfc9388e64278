# SPDX-License-Identifier: Apache-2.0
"""Measures on a Raspberry Pi, or any Linux machine, over ssh.

The board needs Python and an ssh server. The first time, the modules that
measure are copied there and a virtual environment is made, under
~/.cache/depth_mai/device. Each file is copied there, measured by the same code
as on this machine, and removed again.
"""

from collections.abc import Callable
import os
import pathlib

from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import board as board_lib
from depth_mai.devices.ssh import connection as connection_lib
from depth_mai.runtime import configuration


class SshDevice(device.Device):
  """Measures on another machine."""

  kind = 'ssh'

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    report_line: Callable[[str], object] = device.to_stderr,
  ):
    """Reads the address; does not connect.

    Args:
      spec: ssh://[USER@]HOST[:PORT][?KEY=VALUE...], see `address.parse`.
      settings: how to measure.
      report_line: called with each line of progress.

    Raises:
      ValueError: `spec` is not such an address.
    """
    super().__init__(spec, settings, report_line)
    self._address = address_lib.parse(spec)
    self.name = str(self._address)

  def _access(self) -> str:
    return f'over {self._address}'

  def _ask_machine(self) -> dict:
    with self._connect() as session:
      return board_lib.Board(session, self._address).describe_machine()

  def _measure(self, path: str) -> list[dict]:
    file = os.path.basename(path)
    with self._connect() as session:
      board = board_lib.Board(session, self._address)
      self._machine = board.describe_machine()
      self._report_line(f'{self._address}: {self._machine["device"]}')
      there = board.put(file, pathlib.Path(path).read_bytes())
      return [
        self._measure_one(board, file, request)
        for request in self.requests(there)
      ]

  def _measure_one(
    self, board: board_lib.Board, file: str, request: configuration.Request
  ) -> dict:
    """Returns one configuration, measured on the board."""
    timeout_s = self._settings.timeout_s
    doing = (
      f'measuring with {request.num_threads} threads, XNNPACK '
      f'{"on" if request.xnnpack else "off"}'
    )
    done = board.run(request.arguments(), doing, timeout_s)
    try:
      if done['timed_out']:
        raise ValueError(request.took_too_long(timeout_s))
      row = request.read_answer(
        done['returncode'], done['stdout'], done['stderr']
      )
    except ValueError as error:
      # The board's copy has another name.
      message = str(error).replace(request.path, file)
      raise ValueError(f'{self._address}: {message}') from error
    self._report_line(f'{self._address} {doing}: {row["median_ms"]:.3f} ms')
    return row

  def _connect(self) -> connection_lib.Connection:
    return connection_lib.Connection(self._address, self._report_line)
