# SPDX-License-Identifier: Apache-2.0
"""Writes the records of a run: metrics.jsonl, TensorBoard, progress lines."""

import json
import os
import pathlib
import sys
import time

import numpy as np
import tensorflow as tf

from depth_mai.files import atomic
from depth_mai.files import metrics_log
from depth_mai.files import problems
from depth_mai.files import workdir as workdir_lib


def _duration(seconds: float) -> str:
  minutes, seconds = divmod(int(seconds), 60)
  hours, minutes = divmod(minutes, 60)
  return f'{hours}:{minutes:02d}:{seconds:02d}'


class Journal:
  """Writes a run's records to its workdir and prints its progress.

  When a run resumes, the lines of metrics.jsonl after its step are dropped: the
  run repeats those steps and writes their lines again. Damaged lines are kept.
  """

  def __init__(
    self, workdir: pathlib.Path, *, start_step: int, total_steps: int
  ):
    """Opens the journal.

    Args:
      workdir: folder of the run.
      start_step: number of steps already taken.
      total_steps: number of steps of the whole training.
    """
    self._path = workdir / workdir_lib.METRICS
    self._total_steps = total_steps
    self._summaries = tf.summary.create_file_writer(str(workdir / 'events'))
    self._drop_lines_after(start_step)
    self._clock_step = start_step
    self._clock = time.monotonic()

  def _drop_lines_after(self, step: int) -> None:
    if not self._path.exists():
      return
    lines = metrics_log.read_lines(self._path)
    # A damaged line may be of any step, or a note of the user.
    kept = [
      line for line, record in lines if record is None or record['step'] <= step
    ]
    content = ''.join(f'{line}\n' for line in kept)
    with atomic.atomic_path(self._path) as temporary:
      pathlib.Path(temporary).write_bytes(
        content.encode('utf-8', 'surrogateescape')
      )
    damaged = sum(record is None for _, record in lines)
    if damaged:
      print(
        f'{self._path}: kept {problems.count(damaged, "damaged line")} that no '
        'program can read.',
        file=sys.stderr,
      )

  def skip_time(self, seconds: float) -> None:
    """Excludes time spent on other work from the images/s."""
    self._clock += seconds

  def write(self, split: str, step: int, values: dict[str, float]) -> None:
    """Appends a line to metrics.jsonl and scalars to TensorBoard.

    Args:
      split: 'train' (losses), 'train_eval' or 'validation' (metrics).
      step: number of steps taken.
      values: numbers by name.
    """
    self._append(
      {'split': split, 'step': step}
      | {name: float(f'{value:.6g}') for name, value in values.items()}
    )
    with self._summaries.as_default():
      for name, value in values.items():
        tf.summary.scalar(f'{split}/{name}', value, step=step)
    self._summaries.flush()

  def restart_best(self, step: int) -> None:
    """Notes that the best network is chosen anew from the next step on."""
    self._append({'split': metrics_log.BEST_RESTARTS, 'step': step})

  def _append(self, line: dict) -> None:
    # On the disk before the checkpoint that follows it.
    with self._path.open('a') as file:
      file.write(json.dumps(line) + '\n')
      file.flush()
      os.fsync(file.fileno())

  def picture(self, name: str, step: int, rgb_uint8: np.ndarray) -> None:
    """Writes a picture [H, W, 3] to TensorBoard."""
    with self._summaries.as_default():
      tf.summary.image(name, rgb_uint8[None], step=step)

  def progress(
    self, step: int, epoch: float, batch_size: int, losses: dict
  ) -> float:
    """Prints step, epoch, losses, images/s and the time left.

    Args:
      step: number of steps taken.
      epoch: passes over the data so far.
      batch_size: images per step.
      losses: means since the last line.

    Returns:
      The images/s since the last call.
    """
    now = time.monotonic()
    seconds = (now - self._clock) / max(step - self._clock_step, 1)
    self._clock, self._clock_step = now, step
    values = '  '.join(f'{name} {value:.4g}' for name, value in losses.items())
    left = _duration(seconds * (self._total_steps - step))
    speed = batch_size / max(seconds, 1e-9)
    print(
      f'step {step}/{self._total_steps}  epoch {epoch:.1f}  {values}  '
      f'{speed:.0f} images/s  {left} left',
      flush=True,
    )
    return speed
