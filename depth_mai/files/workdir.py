# SPDX-License-Identifier: Apache-2.0
"""The workdir contract: the files in the folder of a training run.

best.keras, last.keras     averaged weights: best on validation, and newest
checkpoints/               state to resume from (training/checkpoint.py)
config.gin                 the configuration as given
operative_config.gin       every parameter that was used, defaults included
versions.json              Python, packages, precision, git commit, command
data.json                  the data's checksums and the number of steps
.lock                      held by the training that runs (training/claim.py)
metrics.jsonl, events/     losses and metrics (training/journal.py)
pictures/                  predictions on validation images
"""

import difflib
import hashlib
import importlib.metadata
import pathlib
import platform
import subprocess
import sys

from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import regular_files

BEST = 'best.keras'
LAST = 'last.keras'
CHECKPOINTS = 'checkpoints'
PICTURES = 'pictures'
CONFIG = 'config.gin'
DATA = 'data.json'
LOCK = '.lock'
OPERATIVE_CONFIG = 'operative_config.gin'
VERSIONS = 'versions.json'
METRICS = 'metrics.jsonl'

_PACKAGES = (
  'tensorflow',
  'keras',
  'keras-cv',
  'tensorflow-datasets',
  'ai-edge-litert',
  'numpy',
  'pillow',
  'gin-config',
  'absl-py',
)


def check_config(workdir: pathlib.Path, config: str) -> None:
  """Checks that a workdir contains no run with another configuration.

  Args:
    workdir: folder of the run.
    config: the parsed configuration as text.

  Raises:
    ValueError: if it does; lists the lines that differ.
  """
  path = workdir / CONFIG
  if not path.exists():
    return
  stored = regular_files.read_text(path, errors='backslashreplace')
  different = [
    printable.printable(line, most=200)
    for line in difflib.unified_diff(
      stored.splitlines(), config.splitlines(), lineterm='', n=0
    )
    if line[:1] in '+-' and line[:3] not in ('+++', '---')
  ]
  if different:
    listed = '\n  '.join(different[:10])
    raise ValueError(
      f'{workdir} contains a run with another configuration:\n  {listed}\n'
      'To resume that run, give the same configuration; to start a new one, '
      'choose another --workdir or remove this one.'
    )


def config_hash(text: str) -> str:
  """Returns a short hash of a configuration's text."""
  return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_operative_config(workdir: pathlib.Path, text: str) -> None:
  """Writes operative_config.gin.

  A command that finds its run finished uses fewer parameters than the training
  did; then the file stays as it is.

  Args:
    workdir: folder of the run.
    text: every parameter that was used.
  """
  path = workdir / OPERATIVE_CONFIG
  try:
    stored = path.read_text(encoding='utf-8', errors='replace')
  except FileNotFoundError:
    stored = ''
  if not set(text.splitlines()) <= set(stored.splitlines()):
    atomic.write_text(path, text)


def git_commit() -> str:
  """Returns the checkout's commit, '+' appended if changed, or 'unknown'."""
  here = pathlib.Path(__file__).parent
  try:
    commit = subprocess.run(
      ['git', 'describe', '--always', '--abbrev=12', '--dirty=+'],
      cwd=here,
      capture_output=True,
      text=True,
      check=True,
    )
  except (OSError, subprocess.CalledProcessError):
    return 'unknown'
  return commit.stdout.strip()


def package_versions() -> dict[str, str | None]:
  """Returns the versions of the packages that affect results, None if absent.

  The keys are the packages' names.
  """
  versions: dict[str, str | None] = {}
  for package in _PACKAGES:
    try:
      versions[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      versions[package] = None
  return versions


def write_versions(workdir: pathlib.Path, precision: str) -> None:
  """Writes versions.json.

  Args:
    workdir: folder of a run.
    precision: of the arithmetic of its training, see training/loop.py.
  """
  versions = {
    'git_commit': git_commit(),
    'command': sys.argv,
    'python': platform.python_version(),
    'platform': platform.platform(),
    'precision': precision,
    'packages': package_versions(),
  }
  atomic.write_json(workdir / VERSIONS, versions)
