# SPDX-License-Identifier: Apache-2.0
r"""Sets up an emulated Raspberry Pi 4: one command, no root.

It downloads 100 MB (Debian 12's QEMU 7.2, a 64-bit ARM Python and LiteRT),
compiles a plugin that counts instructions, and fills one folder with 320 MB.
Nothing outside the folder changes. If it is interrupted, the next run resumes.

Example:
  python -m depth_mai.devices.emulated_pi4.setup
  python -m depth_mai.benchmark --device=emulated_pi4 --model=tcl

With --tflite_2_5 it adds a 32-bit system with the release that the challenge
used:
  python -m depth_mai.devices.emulated_pi4.setup --tflite_2_5
  python -m depth_mai.benchmark --model=tcl \
    --device='emulated_pi4?runtime=tflite_2_5'
"""

import os
import shutil

from absl import flags

from depth_mai import program
from depth_mai.devices import set_up_folder
from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import host_check
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import parts as parts_lib

_TRIAL = (
  'import platform, ai_edge_litert.interpreter, PIL.Image, absl.flags; '
  'print(platform.machine())'
)
_TRIAL_32 = (
  'import ctypes, platform; ctypes.CDLL({library!r}); print(platform.machine())'
)


def set_up(
  root: str, with_32_bits: bool = False
) -> installation_lib.Installation:
  """Makes the missing parts of an emulated Raspberry Pi 4.

  Args:
    root: its folder; created if it does not exist.
    with_32_bits: whether to make the 32-bit system with TFLite 2.5.0 as well.

  Returns:
    The installation; its stamp is written last.

  Raises:
    ValueError: this machine lacks something, or a part cannot be made.
    OSError: the folder cannot be written.
  """
  root = os.path.abspath(root)
  host_check.check_host()
  os.makedirs(root, exist_ok=True)
  with set_up_folder.only_one(root):
    parts = parts_lib.Parts(root, _report_line)
    try:
      made = installation_lib.open_installation(root)
    except ValueError:
      set_up_folder.remove_stamp(root)
      made = installation_lib.Installation(root, parts.make_all())
      _finish(made, made, _TRIAL, 'aarch64')
    if with_32_bits and not _has_32_bits(made):
      versions = made.versions | parts.make_32()
      made = installation_lib.Installation(root, versions)
      system = arm32.of(made)
      trial = _TRIAL_32.format(library=system.library)
      _finish(made, system, trial, 'armv7l')
    shutil.rmtree(os.path.join(root, parts_lib.DOWNLOADS), ignore_errors=True)
  return installation_lib.open_installation(root)


def _has_32_bits(made: installation_lib.Installation) -> bool:
  try:
    arm32.of(made)
  except ValueError:
    return False
  return True


def _finish(
  made: installation_lib.Installation,
  system: installation_lib.Installation,
  trial: str,
  machine: str,
) -> None:
  """Tests a system that was made, then writes the stamp of all of them."""
  _report_line('testing it')
  _try_out(system, trial, machine)
  installation_lib.FOLDER.write_stamp(made.root, versions=made.versions)


def _try_out(
  made: installation_lib.Installation, trial: str, machine: str
) -> None:
  done = guest.run_guest(made, ['-c', trial], timeout_s=300)
  if done.returncode or done.stdout.strip() != machine:
    raise ValueError(
      f'The emulated Python does not run ({done.returncode}): '
      f'{done.stderr.strip()[-500:]}. Remove {made.root} and run this again.'
    )


def _report_line(text: str) -> None:
  print(f'emulated_pi4: {text}', flush=True)


def main(argv: list[str]) -> None:
  """Sets up the emulator and prints its versions."""
  program.no_arguments(argv)
  made = set_up(
    _DIR.value or installation_lib.FOLDER.default_root(), _TFLITE_2_5.value
  )
  _report_line(f'ready in {made.root}')
  for name, version in made.versions.items():
    _report_line(f'  {name} {version}')


if __name__ == '__main__':
  # Here, because setup and shell may be imported together and share the flag.
  _TFLITE_2_5 = flags.DEFINE_bool(
    arm32.NAME,
    False,
    f'Whether to add a 32-bit system with TFLite {arm32.RELEASE} (50 MB more).',
  )
  _DIR = program.written(
    flags.DEFINE_string(
      'dir',
      None,
      'Folder for the emulated system; the default is '
      f'{installation_lib.FOLDER.place}.',
    ),
    folder=True,
  )
  program.run(main)
