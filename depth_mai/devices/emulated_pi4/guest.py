# SPDX-License-Identifier: Apache-2.0
"""Runs the emulated Python."""

from collections.abc import Sequence
import os
import signal
import subprocess

from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import pins

# Would change how QEMU, the loader or Python behave.
_PREFIXES_LEFT_OUT = ('QEMU_', 'LD_', 'PYTHON')
# One thread: those of a library that wait would be counted when they look.
_ENVIRONMENT = {
  'OPENBLAS_NUM_THREADS': '1',
  'PYTHONHASHSEED': '0',
  'PYTHONDONTWRITEBYTECODE': '1',
  'PYTHONUNBUFFERED': '1',
}


def run_guest(
  installation: installation_lib.Installation,
  args: Sequence[str],
  pythonpath: Sequence[str] = (),
  timeout_s: float | None = None,
  environment: dict[str, str] | None = None,
  plugin_options: Sequence[str] | None = None,
  capture: bool = True,
  cwd: str | None = None,
) -> subprocess.CompletedProcess:
  """Runs the emulated Python; it sees the host's files.

  Programs that it starts by sys.executable run emulated as well.

  Args:
    installation: what `setup` made.
    args: of Python, e.g. ['-m', 'depth_mai.predict', '--help'].
    pythonpath: folders with further packages, before the installed ones.
    timeout_s: seconds; None for no limit.
    environment: variables to add to those of this process.
    plugin_options: counts instructions where given: ['out=FILE', 'cache=on'].
    capture: whether to catch what it prints; else it goes where ours goes.
    cwd: folder to run in.

  Returns:
    A CompletedProcess, its stdout and stderr texts; whatever the return code.

  Raises:
    subprocess.TimeoutExpired: if it takes too long; it is stopped, with all
      that it started.
  """
  command = [installation.launcher]
  if plugin_options is not None:
    plugin = ','.join([installation.plugin, *plugin_options])
    command = [*installation.qemu, '-cpu', pins.CPU, '-L', installation.guest]
    command += ['-0', installation.launcher, '-plugin', plugin]
    command += ['-E', f'PYTHONHOME={installation.guest}/usr']
    command += [installation.python, '-S']
  variables = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(_PREFIXES_LEFT_OUT)
  }
  variables |= _ENVIRONMENT | (environment or {})
  folders = [os.path.abspath(folder) for folder in pythonpath]
  variables['PYTHONPATH'] = ':'.join([*folders, installation.site])
  pipe = subprocess.PIPE if capture else None
  with subprocess.Popen(
    [*command, *args],
    stdout=pipe,
    stderr=pipe,
    stdin=subprocess.DEVNULL if capture else None,
    text=True,
    env=variables,
    cwd=cwd,
    start_new_session=True,
  ) as process:
    try:
      stdout, stderr = process.communicate(timeout=timeout_s)
    except BaseException:
      os.killpg(process.pid, signal.SIGKILL)
      raise
  return subprocess.CompletedProcess(
    process.args, process.returncode, stdout, stderr
  )
