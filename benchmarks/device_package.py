# SPDX-License-Identifier: Apache-2.0
r"""Measures what the device package costs: disk space, start-up, memory.

    python benchmarks/device_package.py [--extras=camera]
    python benchmarks/device_package.py --machine=aarch64

Installs the checkout in a fresh virtual environment (or measures that of
--python) and prints as Markdown: the megabytes of each package besides Python,
pip and setuptools, with its largest files; the time that imports take in the
fastest of several processes; and the peak memory of `predict` on one picture.
With --machine it prints only the megabytes, of another machine's wheels.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import venv

from absl import flags

from depth_mai import program
from depth_mai.files import ready_models

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_PYTHON = flags.DEFINE_string(
  'python',
  None,
  'Python of the environment to measure; by default a fresh one is made.',
)
_EXTRAS = flags.DEFINE_string(
  'extras', 'device', 'Extras to install, separated by commas.'
)
_MACHINE = flags.DEFINE_string(
  'machine', None, 'Machine whose wheels are measured instead, e.g. aarch64.'
)
_PYTHON_VERSION = flags.DEFINE_string(
  'python_version', '3.11', 'Python version of --machine.'
)
_MODELS = flags.DEFINE_list(
  'models', [ready_models.DEFAULT], 'Systems to predict one picture with.'
)
_REPEATS = flags.DEFINE_integer(
  'repeats', 7, 'Number of processes from which the fastest is taken.', 1
)

# Without bytecode, as docs/raspberry_pi.md installs it.
_PIP = ('-q', '--no-compile')
_NOT_OURS = ('pip', 'setuptools')
_LARGEST = 3
_MODULES = {
  'nothing (Python itself)': 'pass',
  'depth_mai.runtime.model_file': 'import depth_mai.runtime.model_file',
  'and the interpreter': (
    'from depth_mai.runtime import interpreter; interpreter.find_runtime(); '
    'import depth_mai.runtime.model_file'
  ),
  'depth_mai.predict': 'import depth_mai.predict',
  'depth_mai.benchmark': 'import depth_mai.benchmark',
}
# Lists all installed packages, or those in a folder.
_LIST_PACKAGES = """
import importlib.metadata, json, os, sys
packages = []
where = {'path': sys.argv[1:]} if sys.argv[1:] else {}
for package in importlib.metadata.distributions(**where):
  paths = {os.path.realpath(path.locate()) for path in package.files or ()}
  sizes = {
    path: os.path.getsize(path) for path in paths if os.path.isfile(path)
  }
  packages.append([package.metadata['Name'], package.version, sizes])
print(json.dumps(packages))
"""
_MAKE_PICTURE = """
import sys
import numpy as np
from PIL import Image
ramp = np.indices((480, 640)).sum(0)[..., None] * [0.1, 0.2, 0.15]
Image.fromarray(ramp.astype(np.uint8)).save(sys.argv[1])
"""
_SHOW_MACHINE = 'import platform as p; print(p.python_version(), p.machine())'
_MANYLINUX = ('manylinux2014', 'manylinux_2_17', 'manylinux_2_27',
              'manylinux_2_28', 'manylinux_2_31', 'manylinux_2_34')  # fmt: skip
_IMPORT_LINE = re.compile(r'import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)')


def fresh_environment(folder: str) -> str:
  """Installs the checkout in a virtual environment; returns its Python."""
  venv.create(folder, with_pip=True)
  python = os.path.join(folder, 'bin', 'python')
  what = f'{_ROOT}[{_EXTRAS.value}]'
  subprocess.run([python, '-m', 'pip', 'install', *_PIP, what], check=True)
  return python


def foreign_packages(folder: str) -> str:
  """Unpacks the wheels of another machine; returns their folder."""
  pip = [sys.executable, '-m', 'pip']
  subprocess.run(
    [*pip, 'wheel', '-q', '--no-deps', f'--wheel-dir={folder}', str(_ROOT)],
    check=True,
  )
  (wheel,) = pathlib.Path(folder).glob('*.whl')
  subprocess.run(
    [
      *pip, 'install', *_PIP, '--only-binary=:all:', f'--target={folder}/site',
      f'--python-version={_PYTHON_VERSION.value}', '--implementation=cp',
      *(f'--platform={tag}_{_MACHINE.value}' for tag in _MANYLINUX),
      f'{wheel}[{_EXTRAS.value}]',
    ],
    check=True,
  )  # fmt: skip
  return f'{folder}/site'


def run(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
  """Runs Python outside the checkout."""
  done = subprocess.run(
    [python, *arguments],
    cwd=tempfile.gettempdir(),
    capture_output=True,
    text=True,
  )
  if done.returncode:
    raise SystemExit(f'{arguments}: {done.stderr[-2000:]}')
  return done


def print_sizes(python: str, *folders: str) -> None:
  """Prints the megabytes of each package."""
  rows, total = [], 0
  packages = json.loads(run(python, '-c', _LIST_PACKAGES, *folders).stdout)
  for name, version, sizes in packages:
    if name in _NOT_OURS:
      continue
    total += sum(sizes.values())
    files = ', '.join(
      f'{os.path.basename(path)} {size / 1e6:.1f}'
      for path, size in collections.Counter(sizes).most_common(_LARGEST)
      if size > 1e6
    )
    rows.append((sum(sizes.values()), f'{name} {version}', files))
  print('| package | MB | largest files, MB |\n|---|---|---|')
  for size, name, files in sorted(rows, reverse=True):
    print(f'| {name} | {size / 1e6:.1f} | {files} |')
  print(f'| all | {total / 1e6:.1f} | |\n')


def print_import_times(python: str) -> None:
  """Prints how long a process takes that only imports."""
  print('| import | ms |\n|---|---|')
  for name, statement in _MODULES.items():
    times_ms = []
    for _ in range(_REPEATS.value):
      began_s = time.perf_counter()
      run(python, '-c', statement)
      times_ms.append(1e3 * (time.perf_counter() - began_s))
    print(f'| {name} | {min(times_ms):.0f} |')
  print()


def print_import_shares(python: str) -> None:
  """Prints the packages that take most of the import time of predict."""
  statement = _MODULES['depth_mai.predict']
  done = run(python, '-X', 'importtime', '-c', statement)
  shares_us: collections.Counter[str] = collections.Counter()
  for microseconds, module in _IMPORT_LINE.findall(done.stderr):
    shares_us[module.split('.')[0]] += int(microseconds)
  shares = ', '.join(
    f'{name} {us / 1e3:.0f} ms' for name, us in shares_us.most_common(8)
  )
  print(f'Of depth_mai.predict, by -X importtime: {shares}\n')


def print_memory(python: str, folder: str) -> None:
  """Prints peak memory and time of one prediction, including start-up."""
  picture = os.path.join(folder, 'ramp.png')
  run(python, '-c', _MAKE_PICTURE, picture)
  print('| predict --model= | peak MB | s, start to end |\n|---|---|---|')
  for model in _MODELS.value:
    began_s = time.perf_counter()
    process = subprocess.Popen(
      [python, '-m', 'depth_mai.predict', f'--model={model}', picture]
      + [f'--output_dir={folder}/{model}'],
      cwd=folder,
      stdout=subprocess.DEVNULL,
      stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
      raise SystemExit(f'predict --model={model} failed.')
    seconds = time.perf_counter() - began_s
    print(f'| {model} | {usage.ru_maxrss * 1024 / 1e6:.0f} | {seconds:.2f} |')


def main(argv: list[str]) -> None:
  """Measures the package and prints its tables."""
  program.no_arguments(argv)
  with tempfile.TemporaryDirectory() as folder:
    if _MACHINE.value:
      print(f'Python {_PYTHON_VERSION.value}, {_MACHINE.value}, wheels\n')
      print_sizes(sys.executable, foreign_packages(folder))
      return
    python = _PYTHON.value or fresh_environment(f'{folder}/environment')
    machine = run(python, '-c', _SHOW_MACHINE).stdout.strip()
    print(f'Python {machine}, {sys.platform}\n')
    print_sizes(python)
    print_import_times(python)
    print_import_shares(python)
    print_memory(python, folder)


if __name__ == '__main__':
  program.run(main)
