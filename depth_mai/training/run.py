# SPDX-License-Identifier: Apache-2.0
"""A training in progress: what it logs, evaluates and saves."""

from collections.abc import Iterable
import pathlib
import time

import keras
import numpy as np

from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib
from depth_mai.models import finite_check
from depth_mai.models import network_file
from depth_mai.report import picture
from depth_mai.training import journal as journal_lib
from depth_mai.training import state as state_lib
from depth_mai.training import validation

_CURES = {
  workdir_lib.LAST: 'It is written again now.',
  workdir_lib.BEST: 'The next validation chooses the best network anew.',
}


def _check_finite(
  first_step: int, results: list[dict], loss_scaling: bool
) -> None:
  """Raises a FloatingPointError that names the first bad step and its terms."""
  # With loss scaling, gradients overflow sometimes, and the step is skipped.
  ignored = ('gradient_norm',) if loss_scaling else ()
  for step, values in enumerate(results, start=first_step):
    bad = [
      name
      for name, value in values.items()
      if not np.isfinite(value) and name not in ignored
    ]
    if not bad:
      continue
    terms = [name for name in bad if name not in ('loss', 'gradient_norm')]
    raise FloatingPointError(
      f'Step {step}: {", ".join(terms or bad)} is not finite ({values}). The '
      'last checkpoint is from before that step. Lower the learning rate, clip '
      'gradients (train.gradient_clip), or look at the data of that step.'
    )


def lost_networks(
  workdir: pathlib.Path, state: state_lib.State, has_best: bool
) -> list[str]:
  """Returns which networks of a resumed run are missing or damaged.

  They are reported on stdout. Damaged ones are renamed, see atomic.set_aside.

  Args:
    workdir: folder of the run.
    state: the restored state; at step 0 nothing can be lost.
    has_best: whether the run has saved a best network.

  Returns:
    Names of files of the workdir.
  """
  names = [workdir_lib.LAST] if state.step else []
  names += [workdir_lib.BEST] if has_best else []
  lost = []
  for name in names:
    path = workdir / name
    found = network_file.damage(path) if path.exists() else 'it is missing'
    if not found:
      continue
    lost.append(name)
    if path.exists():
      atomic.set_aside(path)
    print(f'{path} is lost ({found}). {_CURES[name]}', flush=True)
  return lost


class Steps:
  """The steps of a training on a machine that writes nothing.

  Attributes:
    workdir: folder of the run.
    state: the state of the run.
    total_steps: number of steps of the whole training.
  """

  def __init__(
    self, workdir: pathlib.Path, state: state_lib.State, total_steps: int
  ):
    """Begins after the steps that were taken already."""
    self.workdir = workdir
    self.state = state
    self.total_steps = total_steps
    self._pending: list[dict] = []

  def add(self, results: dict) -> None:
    """Counts a step with its losses."""
    self.state.step += 1
    self._pending.append(results)

  def log(self) -> None:
    """Checks the steps since the last call."""
    self._checked()

  def evaluate(self, sets: dict[str, Iterable[dict]]) -> None:
    """Leaves this to the machine that writes."""

  def save(self) -> None:
    """Leaves this to the machine that writes."""

  def save_best(self) -> None:
    """Leaves this to the machine that writes."""

  def restart_best(self) -> None:
    """Leaves this to the machine that writes."""

  def _checked(self) -> list[dict[str, float]]:
    """Returns the losses of the steps since the last call; all are finite."""
    results = [
      {name: float(value) for name, value in values.items()}
      for values in self._pending
    ]
    self._pending = []
    _check_finite(
      self.state.step - len(results) + 1,
      results,
      isinstance(self.state.optimizer, keras.optimizers.LossScaleOptimizer),
    )
    return results


class Run(Steps):
  """A training in progress; see `loop.train` for its fields.

  Attributes:
    pass_images: number of images that make an epoch.
  """

  def __init__(
    self,
    workdir: pathlib.Path,
    state: state_lib.State,
    total_steps: int,
    pass_images: float,
    batch_size: int,
  ):
    """Opens the journal and compiles the evaluation."""
    super().__init__(workdir, state, total_steps)
    self.pass_images = pass_images
    self.batch_size = batch_size
    self.journal = journal_lib.Journal(
      workdir, start_step=state.step, total_steps=total_steps
    )
    self.predict = validation.make_predictor(state.average)

  def _position(self) -> dict[str, float]:
    images = self.state.step * self.batch_size
    return {'epoch': images / self.pass_images, 'images': images}

  def log(self) -> None:
    """Checks and reports the steps since the last call."""
    results = self._checked()
    if not results:
      return
    means = {
      name: float(np.mean([values[name] for values in results]))
      for name in results[0]
    }
    step = self.state.step
    epoch = self._position()['epoch']
    speed = self.journal.progress(step, epoch, self.batch_size, means)
    extras = {'learning_rate': self._rate(), 'images_per_second': speed}
    self.journal.write('train', step, {**self._position(), **means, **extras})

  def _rate(self) -> float:
    rate = self.state.optimizer.learning_rate
    return float(keras.ops.convert_to_numpy(rate))

  def evaluate(self, sets: dict[str, Iterable[dict]]) -> None:
    """Evaluates the averaged network; saves it if it is the best so far.

    Args:
      sets: batches by split, see pipeline.eval_dataset.

    Raises:
      FloatingPointError: if a weight or statistic is not finite: predictions
        may look plausible all the same.
    """
    finite_check.check_trained(self.state.average, 'evaluated')
    for split, batches in sets.items():
      metrics = self._evaluate_split(split, batches)
      if split == 'validation' and metrics['si_rmse'] < self.state.best:
        self.state.best = metrics['si_rmse']
        self.save_best()

  def _evaluate_split(
    self, split: str, batches: Iterable[dict]
  ) -> dict[str, float]:
    """Evaluates on a split and logs the result."""
    started = time.monotonic()
    metrics = validation.evaluate(self.predict, batches)
    step = self.state.step
    self.journal.write(split, step, {**self._position(), **metrics})
    rgb_uint8 = validation.draw(self.predict, next(iter(batches)))
    self.journal.picture(split, step, rgb_uint8)
    folder = self.workdir / workdir_lib.PICTURES
    folder.mkdir(exist_ok=True)
    picture.save_picture(folder / f'{split}_{step:08d}.png', rgb_uint8)
    print(
      f'{split}: '
      + '  '.join(f'{name} {value:.4g}' for name, value in metrics.items()),
      flush=True,
    )
    self.journal.skip_time(time.monotonic() - started)
    return metrics

  def save(self) -> None:
    """Writes last.keras and a checkpoint."""
    started = time.monotonic()
    self.state.save(self.workdir)
    self.journal.skip_time(time.monotonic() - started)

  def save_best(self) -> None:
    """Writes best.keras."""
    network_file.save_network(
      self.state.average, self.workdir / workdir_lib.BEST
    )

  def restart_best(self) -> None:
    """Makes the next evaluation the best so far.

    For a best network that is lost, or was the best on other data. A checkpoint
    is written, so that this happens once even if the run is killed.
    """
    self.state.best = float('inf')
    self.journal.restart_best(self.state.step)
    self.save()
