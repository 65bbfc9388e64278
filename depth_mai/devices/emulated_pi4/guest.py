# SPDX-License-Identifier: Apache-2.0
"""Runs the emulated Python."""

from collections.abc import Sequence
import os
import signal
import subprocess

from depth_mai.devices.emulated_pi4 import installation as installation_lib

# Variables that change how QEMU, the loader or Python behave.
_PREFIXES_LEFT_OUT = ('QEMU_', 'LD_', 'PYTHON')
# One thread, because instructions of waiting threads would be counted as well.
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
  """Runs the emulated Python, which sees the host's files.

  Programs that it starts with sys.executable run emulated as well.

  Args:
    installation: the emulated Raspberry Pi 4.
    args: arguments of Python, e.g. ['-m', 'depth_mai.predict', '--help'].
    pythonpath: folders with more packages, which precede the installed ones.
    timeout_s: time limit in seconds; None for no limit.
    environment: variables to add to those of this process.
    plugin_options: options of the plugin that counts instructions, such as
      ['out=FILE', 'cache=on']; None to run without the plugin.
    capture: whether to capture the output instead of printing it.
    cwd: folder to run in.

  Returns:
    A CompletedProcess with stdout and stderr as texts, and any return code.

  Raises:
    subprocess.TimeoutExpired: the time limit passed; the process and its
      children were ended.
  """
  command = [installation.launcher]
  if plugin_options is not None:
    plugin = ','.join([installation.plugin, *plugin_options])
    command = [*installation.emulation, '-plugin', plugin]
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
