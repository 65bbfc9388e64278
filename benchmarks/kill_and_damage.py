# SPDX-License-Identifier: Apache-2.0
"""Kills a training again and again, and compares it with an undisturbed one.

    python -m benchmarks.kill_and_damage [--kills=20] [--seed=1] [--folder=DIR]
        [--distil]

A tiny network trains on tiny data made here, and saves a checkpoint after each
step. Each start is killed (SIGKILL), at a random moment or while a checkpoint
is written; then the newest checkpoint is damaged in one of `DAMAGES`. The last
start runs to its end. Weights, checkpoint and metrics must be those of the
undisturbed training, bit for bit; the exit code is 1 if they are not. With
--distil, a teacher teaches the network.
"""

from collections.abc import Callable
from concurrent import futures
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import numpy as np
from PIL import Image

from benchmarks import tiny_training
from depth_mai import program
from depth_mai.files import workdir as workdir_lib
from depth_mai.metrics import table
from depth_mai.models import network_file

_KILLS = flags.DEFINE_integer('kills', 20, 'Number of kills.', 1)
_SEED = program.flag('seed', 'the moments and the damage')
_DISTIL = flags.DEFINE_bool('distil', False, 'Distil from a tiny teacher.')
_FOLDER = flags.DEFINE_string(
  'folder', None, 'Folder for data and runs; by default a temporary one.'
)

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_BATCH, _PAIRS = 2, 6
_LONGEST_WAIT_S = 0.1
_START_TIMEOUT_S = 300
_POLL_S = 0.002
_GIN = """
train.network = @tiny
train.batch_size = {batch}
train.target_size = (16, 16)
train.evaluations = {evaluations}
train.train_eval_images = 0
train.log_every_steps = 5
train.checkpoint_every_steps = 1
train.epochs = {epochs}
"""
_GIN_OF_DISTILLATION = """
train.distillation = @Distillation()
Distillation.teacher = '{teacher}'
Distillation.terms = [
  ('feature_l2', 0.1, 'stem_bn', 'depth_m'),
  ('structure_similarity', 10.0, 'stem_bn', 'stem_bn')]
"""


def _empty(path: pathlib.Path, rng: random.Random) -> None:
  path.write_bytes(b'')


def _write_others(path: pathlib.Path, rng: random.Random) -> None:
  path.write_bytes(rng.randbytes(999))


def _cut_off(path: pathlib.Path, rng: random.Random) -> None:
  os.truncate(path, rng.randrange(1, path.stat().st_size))


def _flip(path: pathlib.Path, rng: random.Random) -> None:
  content = bytearray(path.read_bytes())
  # Bytes of the arrays: others, such as the time of a member, say nothing.
  for _ in range(20):
    content[rng.randrange(len(content) // 10, len(content) // 2)] ^= 0x55
  path.write_bytes(content)


def _become_folder(path: pathlib.Path, rng: random.Random) -> None:
  path.unlink()
  path.mkdir()


def _lose_an_array(path: pathlib.Path, rng: random.Random) -> None:
  with np.load(path) as members:
    arrays = dict(members)
  arrays.pop(rng.choice(sorted(arrays)))
  np.savez(path, **arrays)


def _change_a_value(path: pathlib.Path, rng: random.Random) -> None:
  with np.load(path) as members:
    arrays = dict(members)
  arrays['step'] = arrays['step'] + 1
  np.savez(path, **arrays)


DAMAGES: dict[str, Callable[[pathlib.Path, random.Random], None]] = {
  'empty': _empty,
  'cut off': _cut_off,
  'flipped bytes': _flip,
  'other bytes': _write_others,
  'a folder': _become_folder,
  'an array less': _lose_an_array,
  'a changed value': _change_a_value,
}


def write_data(root: pathlib.Path) -> None:
  """Writes pairs in which nearer is brighter."""
  rng = np.random.default_rng(0)
  for split, count in (('train', _PAIRS), ('validation', 2)):
    for kind in ('rgb', 'depth'):
      (root / split / kind).mkdir(parents=True)
    for index in range(count):
      depth_mm = np.tile(np.linspace(800, 4000, 64), (48, 1))
      depth_mm = np.roll(depth_mm, rng.integers(64), axis=1).astype(np.uint16)
      rgb = np.repeat((200e3 / depth_mm)[..., None].astype(np.uint8), 3, 2)
      Image.fromarray(rgb).save(root / split / 'rgb' / f'{index}.png')
      Image.fromarray(depth_mm).save(root / split / 'depth' / f'{index}.png')


class Experiment:
  """A configuration, data, and an undisturbed and a disturbed training."""

  def __init__(
    self, folder: pathlib.Path, steps: int, seed: int, distil: bool = False
  ):
    """Writes the data, the teacher if there is one, and the configuration."""
    self.folder = folder
    self.rng = random.Random(seed)
    self.counts = dict.fromkeys(
      ('killed', 'while a file was written', *DAMAGES), 0
    )
    write_data(folder / 'data')
    gin = _GIN.format(
      batch=_BATCH,
      evaluations=max(1, steps // 20),
      epochs=steps * _BATCH / _PAIRS,
    )
    if distil:
      teacher = folder / 'teacher.keras'
      options = tiny_training.TinyOptions(input_size=(64, 96))
      tiny_training.tiny(options).save(teacher)
      gin += _GIN_OF_DISTILLATION.format(teacher=teacher)
    (folder / 'tiny.gin').write_text(gin)

  def start(self, name: str) -> subprocess.Popen:
    """Starts or resumes the training in the workdir of that name."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    environment['DEPTH_MAI_RECORDS'] = str(self.folder / f'records_{name}')
    return subprocess.Popen(
      [
        *(sys.executable, '-m', 'benchmarks.tiny_training'),
        f'--gin_file={self.folder / "tiny.gin"}',
        f'--data_dir={self.folder / "data"}',
        f'--workdir={self.folder / name}',
      ],
      cwd=_ROOT,
      env=environment,
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )

  def finish(self, name: str) -> str:
    """Runs a training to its end; returns its output."""
    process = self.start(name)
    output, _ = process.communicate(timeout=600)
    if process.returncode:
      raise RuntimeError(output)
    return output

  def kill(self, name: str, during_write: bool = False) -> str:
    """Starts a training and kills it.

    Args:
      name: name of its workdir.
      during_write: whether to wait until a checkpoint is being written; if not,
        the moment is random.

    Returns:
      Its output.
    """
    # Two checkpoints, so that one is left when the newest is damaged.
    checkpoints = self.folder / name / workdir_lib.CHECKPOINTS
    goal = self._newest_step(name) + self.rng.randint(2, 4)
    process = self.start(name)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while self._newest_step(name) < goal:
      if process.poll() is not None or time.monotonic() > deadline:
        process.kill()
        raise RuntimeError(f'No checkpoint: {process.communicate()[0]}')
      time.sleep(_POLL_S)
    time.sleep(self.rng.uniform(0, _LONGEST_WAIT_S))
    while during_write and not list(checkpoints.glob('.tmp-*')):
      if process.poll() is not None:
        break
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    if process.returncode == 0:
      raise RuntimeError('It ended before it was killed; take more steps.')
    self.counts['killed'] += 1
    leftovers = list((self.folder / name).rglob('.tmp-*'))
    self.counts['while a file was written'] += bool(leftovers)
    return output

  def _newest_step(self, name: str) -> int:
    """Returns the step of the newest checkpoint, 0 if there is none."""
    paths = (self.folder / name / workdir_lib.CHECKPOINTS).glob('step_*.npz')
    return max((int(path.stem.split('_')[1]) for path in paths), default=0)

  def damage_newest(self, name: str, kind: str) -> pathlib.Path:
    """Damages the newest checkpoint; returns its path."""
    checkpoints = self.folder / name / workdir_lib.CHECKPOINTS
    newest = max(checkpoints.glob('step_*.npz'))
    DAMAGES[kind](newest, self.rng)
    self.counts[kind] += 1
    return newest

  def differences(self, one: str, other: str) -> list[str]:
    """Returns what two trainings do not have in common, bit for bit."""
    folders = self.folder / one, self.folder / other
    different = []
    for name in (workdir_lib.BEST, workdir_lib.LAST):
      networks = [network_file.load_network(f / name) for f in folders]
      weights = [[w.numpy().tobytes() for w in n.weights] for n in networks]
      different += [name] if weights[0] != weights[1] else []
    newest = [
      max((f / workdir_lib.CHECKPOINTS).glob('step_*')) for f in folders
    ]
    arrays = [dict(np.load(path)) for path in newest]
    if newest[0].name != newest[1].name or arrays[0].keys() != arrays[1].keys():
      different.append(workdir_lib.CHECKPOINTS)
    different += [
      f'{newest[0].name}: {name}'
      for name in arrays[0].keys() & arrays[1].keys()
      if arrays[0][name].tobytes() != arrays[1][name].tobytes()
    ]
    lines = [self._metrics(folder) for folder in folders]
    different += [workdir_lib.METRICS] if lines[0] != lines[1] else []
    leftovers = [path.name for path in folders[1].rglob('.tmp-*')]
    return different + leftovers

  def _metrics(self, folder: pathlib.Path) -> list[dict]:
    """Returns the log without the speed."""
    text = (folder / workdir_lib.METRICS).read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
      line.pop('images_per_second', None)
    return lines


def run(
  folder: pathlib.Path, kills: int, seed: int, steps: int, distil: bool = False
) -> Experiment:
  """Runs both trainings.

  Args:
    folder: an empty folder.
    kills: number of kills, the first, third, ... during the write of a
      checkpoint; each is followed by one of `DAMAGES` in turn.
    seed: seed of moments and damage.
    steps: number of steps of both trainings.
    distil: whether the network has a teacher.

  Returns:
    The experiment, whose workdirs are called whole and killed.

  Raises:
    RuntimeError: if a training does not start, or ends before its kill.
  """
  experiment = Experiment(folder, steps, seed, distil)
  kinds = list(DAMAGES)
  # Side by side, since most of the time is that of starts.
  with futures.ThreadPoolExecutor(1) as pool:
    whole = pool.submit(experiment.finish, 'whole')
    for number in range(kills):
      output = experiment.kill('killed', during_write=number % 2 == 0)
      newest = experiment.damage_newest('killed', kinds[number % len(kinds)])
      last = [line for line in output.splitlines() if 'Resuming' in line]
      print(f'{number + 1}/{kills}: {last}, damaged {newest.name}', flush=True)
    experiment.finish('killed')
    whole.result()
  return experiment


def _steps(kills: int) -> int:
  """Returns a number of steps during which there is time for all kills."""
  return 20 + 12 * kills


def main(argv: list[str]) -> int:
  """Prints the counts and what differs."""
  program.no_arguments(argv)
  folder = pathlib.Path(_FOLDER.value or tempfile.mkdtemp())
  folder.mkdir(parents=True, exist_ok=True)
  started = time.monotonic()
  kills = _KILLS.value
  experiment = run(folder, kills, _SEED.value, _steps(kills), _DISTIL.value)
  different = experiment.differences('whole', 'killed')
  rows = list(experiment.counts.items())
  print(table.markdown_table(('event', 'times'), rows, ('', 'd')))
  print(f'{time.monotonic() - started:.0f} s')
  print(f'Different: {", ".join(different) or "nothing"}')
  if _FOLDER.value is None:
    shutil.rmtree(folder)
  return 1 if different else 0


if __name__ == '__main__':
  program.run(main)
