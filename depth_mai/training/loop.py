# SPDX-License-Identifier: Apache-2.0
"""Trains a network, or resumes a training.

Keras' own fit does not run under MultiWorkerMirroredStrategy; this loop does. A
run that is killed and started again with the same command resumes from its last
checkpoint and ends with the same weights.
"""

from collections.abc import Callable
from collections.abc import Iterable
import math
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation as augmentation_lib
from depth_mai.data import pipeline
from depth_mai.data import source
from depth_mai.files import workdir as workdir_lib
from depth_mai.losses import weighted
from depth_mai.models import network_file
from depth_mai.models.systems import tcl
from depth_mai.report import picture
from depth_mai.training import journal as journal_lib
from depth_mai.training import optimizers
from depth_mai.training import state as state_lib
from depth_mai.training import step as step_lib
from depth_mai.training import validation

_PRECISIONS = ('float32', 'mixed_bfloat16', 'mixed_float16')


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


class _Run:
  """A training in progress; see `train` for its fields."""

  def __init__(self, workdir, state, total_steps, examples, batch_size):
    self.workdir = workdir
    self.state = state
    self.total_steps = total_steps
    self.examples = examples
    self.batch_size = batch_size
    self.journal = journal_lib.Journal(
      workdir, start_step=state.step, total_steps=total_steps
    )
    self.predict = validation.make_predictor(state.average)
    self._pending = []

  def _position(self) -> dict[str, float]:
    images = self.state.step * self.batch_size
    return {'epoch': images / self.examples, 'images': images}

  def add(self, results: dict) -> None:
    self.state.step += 1
    self._pending.append(results)

  def log(self) -> None:
    """Checks and reports the steps since the last call."""
    if not self._pending:
      return
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

  def evaluate(self, split: str, batches: Iterable[dict]) -> dict[str, float]:
    """Evaluates the averaged network on a split and logs the result."""
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
    started = time.monotonic()
    self.state.save(self.workdir)
    self.journal.skip_time(time.monotonic() - started)

  def save_if_best(self, si_rmse: float) -> None:
    if si_rmse < self.state.best:
      self.state.best = si_rmse
      network_file.save_network(
        self.state.average, self.workdir / workdir_lib.BEST
      )


def _evaluation_sets(data_dir, records_dir, train_source, images, batch_size):
  """Returns the datasets for evaluation by split; validation may be absent."""
  sets = {}
  try:
    validation_source = source.open_split(data_dir, 'validation', records_dir)
  except ValueError as error:
    print(f'No validation split, so best.keras will equal last.keras: {error}')
  else:
    sets['validation'] = pipeline.eval_dataset(
      validation_source, batch_size=batch_size
    )
  if images:
    sets['train_eval'] = pipeline.eval_dataset(
      train_source.take(images), batch_size=batch_size
    )
  return sets


def train(
  workdir: str,
  data_dir: str,
  *,
  network: Callable[[], keras.Model] = tcl.tcl,
  optimizer: Callable[[int], keras.optimizers.Optimizer] = optimizers.adamw,
  loss: Callable | None = None,
  augmentation: augmentation_lib.Augmentation | None = None,
  epochs: float = 100.0,
  batch_size: int = 32,
  target_size: tuple[int, int] = (120, 160),
  cache: str = 'decoded',
  gradient_clip: float | None = 35.0,
  ema_decay: float = 0.998,
  precision: str = 'float32',
  strategy: str = 'default',
  seed: int = 1,
  initial_network: str | None = None,
  quantisation: state_lib.Rewriting | None = None,
  evaluations: int = 10,
  train_eval_images: int = 96,
  log_every_steps: int = 50,
  checkpoint_every_steps: int = 500,
  records_dir: str | None = None,
) -> pathlib.Path:
  """Trains a network, or resumes a training.

  Args:
    workdir: folder of the run; files/workdir.py lists its files.
    data_dir: challenge-layout folder or prepared tfds folder.
    network: builds the network.
    optimizer: builds the optimizer for a number of steps.
    loss: see losses/weighted.py; SILog by default. Its variables, if it has any
      (losses/learned_weights.py), are trained along with the network.
    augmentation: see data/augmentation.py.
    epochs: passes over the training split.
    batch_size: number of images in a step, on all devices together.
    target_size: (height, width) of the depth that the loss compares, pixels.
    cache: form in which the data stays in memory: 'decoded', 'encoded' or
      'none'.
    gradient_clip: largest global norm of the gradients, those of the loss's
      variables included; None for no clipping.
    ema_decay: decay of the averaged weights, which are evaluated and saved.
    precision: 'float32', 'mixed_bfloat16' or 'mixed_float16'.
    strategy: 'default', 'mirrored' or 'multi_worker'.
    seed: seed for weights, order and augmentation.
    initial_network: network to start from instead of random weights: a .keras
      file, or the name of a system in pretrained/. The depth code of its head
      may differ.
    quantisation: trains `initial_network` further with the rounding of its INT8
      file; see lite/quantisation_aware.py. None trains in float.
    evaluations: number of evaluations, evenly spaced.
    train_eval_images: number of training images that each evaluation includes;
      0 for none.
    log_every_steps: steps between progress lines.
    checkpoint_every_steps: steps between checkpoints.
    records_dir: folder of prepared records; see data/source.py.

  Returns:
    The workdir.

  Raises:
    ValueError: for options or data that cannot be used.
    FloatingPointError: if a loss is not finite; it names the step and the term.
  """
  if precision not in _PRECISIONS:
    raise ValueError(
      f'train.precision={precision!r} is not one of {_PRECISIONS}.'
    )
  if epochs <= 0 or batch_size < 1:
    raise ValueError(
      f'train.epochs={epochs} and train.batch_size={batch_size} must be > 0.'
    )
  # With several machines, it must exist before TensorFlow does anything else.
  chosen_strategy = step_lib.make_strategy(strategy)
  tf.config.experimental.enable_op_determinism()
  keras.mixed_precision.set_global_policy(precision)
  directory = pathlib.Path(workdir)
  train_source = source.open_split(data_dir, 'train', records_dir)
  examples = int(train_source.cardinality())
  total_steps = max(1, math.floor(epochs * examples / batch_size))

  loss = loss or weighted.WeightedLoss({'silog': 1.0})
  # After the data is opened: preparing records draws random numbers.
  keras.utils.set_random_seed(seed)
  state = state_lib.create(
    strategy=chosen_strategy,
    network=network,
    optimizer=optimizer,
    total_steps=total_steps,
    initial_network=initial_network,
    loss_scaling=precision == 'mixed_float16',
    loss=loss,
    quantisation=quantisation,
  )
  if state.restore(directory):
    print(f'Resuming at step {state.step} of {total_steps} in {workdir}.')
  if state.step >= total_steps:
    print(f'{workdir} is already trained ({state.step} steps).')
    return directory

  run = _Run(
    step_lib.own_folder(chosen_strategy, directory),
    state,
    total_steps,
    examples,
    batch_size,
  )
  sets = _evaluation_sets(
    data_dir, records_dir, train_source, train_eval_images, batch_size
  )
  step_fn = step_lib.make_train_step(
    strategy=chosen_strategy,
    network=state.network,
    average=state.average,
    optimizer=state.optimizer,
    loss=loss,
    gradient_clip=gradient_clip,
    ema_decay=ema_decay,
    loss_variables=state.loss_variables,
  )
  batches = pipeline.train_dataset(
    train_source,
    batch_size=batch_size,
    seed=seed,
    start_step=state.step,
    augmentation=augmentation or augmentation_lib.Augmentation(),
    input_size=tuple(state.network.input_shape[1:3]),
    target_size=tuple(target_size),
    cache=cache,
  )
  batches = chosen_strategy.experimental_distribute_dataset(batches)
  evaluate_every = max(1, math.ceil(total_steps / max(evaluations, 1)))

  for batch in batches:
    run.add(step_fn(batch))
    at_end = state.step == total_steps
    evaluate = at_end or state.step % evaluate_every == 0
    checkpoint = evaluate or state.step % checkpoint_every_steps == 0
    if checkpoint or state.step % log_every_steps == 0:
      run.log()
    if evaluate:
      for split, batches_of_split in sets.items():
        metrics = run.evaluate(split, batches_of_split)
        if split == 'validation':
          run.save_if_best(metrics['si_rmse'])
    if checkpoint:
      run.save()
    if at_end:
      break
  if 'validation' not in sets:
    network_file.save_network(state.average, run.workdir / workdir_lib.BEST)
  print(f'Done. Results are in {workdir}.')
  return directory
