# SPDX-License-Identifier: Apache-2.0
r"""Sets up an emulated Raspberry Pi 4: one command, no root.

Downloads 100 MB (Debian 12's QEMU 7.2, a 64-bit ARM Python and LiteRT),
compiles a plugin that counts instructions, and leaves 320 MB in one folder;
nothing outside of it changes. Stopped, it goes on where it was when it is run
again.

Example:
  python -m depth_mai.devices.emulated_pi4.setup
  python -m depth_mai.benchmark --device=emulated_pi4 --model=tcl
"""

import contextlib
import fcntl
import json
import os
import shutil
import sys

from absl import app
from absl import flags

from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import host_check
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import parts as parts_lib
from depth_mai.files import atomic

_TRIAL = (
  'import platform, ai_edge_litert.interpreter, PIL.Image, absl.flags; '
  'print(platform.machine())'
)


def set_up(root: str) -> installation_lib.Installation:
  """Makes the emulated Raspberry Pi 4, or what is missing of it.

  Args:
    root: its folder; made if missing.

  Returns:
    The installation; its stamp is written when everything else is there.

  Raises:
    ValueError: if this machine cannot hold it, or a part cannot be made.
    OSError: if the folder cannot be written.
  """
  root = os.path.abspath(root)
  host_check.check_host()
  os.makedirs(root, exist_ok=True)
  with _only_one(root):
    stamp = os.path.join(root, installation_lib.STAMP)
    with contextlib.suppress(ValueError):
      return installation_lib.open_installation(root)
    with contextlib.suppress(FileNotFoundError):
      os.remove(stamp)
    versions = parts_lib.Parts(root, _say).make_all()
    made = installation_lib.Installation(root, versions)
    _say('trying it')
    _try_out(made)
    content = {
      'fingerprint': installation_lib.fingerprint(),
      'versions': versions,
    }
    atomic.write_text(stamp, json.dumps(content, indent=2) + '\n')
    shutil.rmtree(os.path.join(root, parts_lib.DOWNLOADS), ignore_errors=True)
  return installation_lib.open_installation(root)


@contextlib.contextmanager
def _only_one(root: str):
  """Keeps a second setup out of the folder."""
  with open(os.path.join(root, 'lock'), 'w') as stream:
    try:
      fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise ValueError(
        f'Another setup is at work in {root}: wait for it, or give --dir '
        'another folder.'
      ) from error
    yield


def _try_out(made: installation_lib.Installation) -> None:
  done = guest.run_guest(made, ['-c', _TRIAL], timeout_s=300)
  if done.returncode or done.stdout.strip() != 'aarch64':
    raise ValueError(
      f'The emulated Python does not run ({done.returncode}): '
      f'{done.stderr.strip()[-500:]}. Remove {made.root} and run this again.'
    )


def _say(text: str) -> None:
  print(f'emulated_pi4: {text}', flush=True)


def main(argv: list[str]) -> None:
  """Sets up; leaves a message where it cannot."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments {argv[1:]}; see --help.')
  try:
    made = set_up(_DIR.value or installation_lib.default_root())
  except (ValueError, OSError) as error:
    sys.exit(f'setup: {error}')
  _say(f'ready in {made.root}')
  for name, version in made.versions.items():
    _say(f'  {name} {version}')


if __name__ == '__main__':
  _DIR = flags.DEFINE_string(
    'dir',
    None,
    f'Folder; default: ${installation_lib.VARIABLE}, else '
    '~/.cache/depth_mai/emulated_pi4.',
  )
  app.run(main)
