# SPDX-License-Identifier: Apache-2.0
"""Trains a network, or resumes a training.

Keras' own fit does not run under MultiWorkerMirroredStrategy; this loop does. A
run that is killed and started again with the same command resumes from its last
checkpoint and ends with the same weights.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import contextlib
import functools
import math
import pathlib
import signal

import keras
import tensorflow as tf

from depth_mai.data import augmentation as augmentation_lib
from depth_mai.data import fingerprint
from depth_mai.data import pipeline
from depth_mai.data import source
from depth_mai.distillation import distillation as distillation_lib
from depth_mai.files import problems
from depth_mai.files import workdir as workdir_lib
from depth_mai.losses import weighted
from depth_mai.models.systems import tcl
from depth_mai.training import claim
from depth_mai.training import interruption
from depth_mai.training import mixing as mixing_lib
from depth_mai.training import optimizers
from depth_mai.training import options
from depth_mai.training import precision as precision_lib
from depth_mai.training import run as run_lib
from depth_mai.training import state as state_lib
from depth_mai.training import step as step_lib
from depth_mai.training import strategies
from depth_mai.training import workers as workers_lib


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
  data_dir: str | Sequence[str],
  *,
  network: Callable[[], keras.Model] = tcl.tcl,
  optimizer: Callable[[int], keras.optimizers.Optimizer] = optimizers.adamw,
  loss: Callable | None = None,
  augmentation: augmentation_lib.Augmentation | None = None,
  mixing: mixing_lib.Mixing | None = None,
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
  initial_encoder: str | None = None,
  encoder_names: str | None = None,
  quantisation: state_lib.Rewriting | None = None,
  distillation: distillation_lib.Distillation | None = None,
  evaluations: int = 10,
  train_eval_images: int = 96,
  log_every_steps: int = 50,
  checkpoint_every_steps: int = 500,
  records_dir: str | None = None,
  config: str | None = None,
  operative_config: Callable[[], str] | None = None,
  accept_changed_data: bool = False,
) -> pathlib.Path:
  """Trains a network, or resumes a training.

  Args:
    workdir: folder of the run; files/workdir.py lists its files.
    data_dir: challenge-layout folder or prepared tfds folder, or several of
      them. The first one has the validation split, and its passes count.
    network: builds the network.
    optimizer: builds the optimizer for a number of steps.
    loss: see losses/weighted.py; SILog by default. Its variables, if it has any
      (losses/learned_weights.py), are trained along with the network.
    augmentation: see data/augmentation.py.
    mixing: how several data sets share a batch; None for equal shares, and
      `loss` for all.
    epochs: passes over the training split.
    batch_size: number of images in a step, on all devices together.
    target_size: (height, width) of the depth that the loss compares, pixels.
    cache: form in which the data is kept after its first use: 'decoded' or
      'encoded' in memory, decoded on 'disk', or 'none'; see data/pipeline.py.
    gradient_clip: largest global norm of the gradients, those of the loss's
      variables included; None for no clipping.
    ema_decay: decay of the averaged weights, which are evaluated and saved.
    precision: 'float32', 'bfloat16_convolutions', 'mixed_bfloat16' or
      'mixed_float16'; see training/precision.py.
    strategy: 'default', 'mirrored' or 'multi_worker'; see strategies.make.
    seed: seed for weights, order and augmentation.
    initial_network: network to start from instead of random weights: a .keras
      file, or the name of a system in pretrained/. The depth code of its head
      may differ.
    initial_encoder: published weights of the encoder to start from, such as
      'keras:mobilenet_v3_small_minimalistic_imagenet' or a file; see
      models/encoder_weights.py.
    encoder_names: JSON file that maps our names to those of a file of an
      unknown project, see models/encoder_namings.py.
    quantisation: trains `initial_network` further with the rounding of its INT8
      file; see lite/quantisation_aware.py. None trains in float.
    distillation: adds terms to the loss that compare the network with a
      teacher; see distillation/distillation.py. None for no teacher.
    evaluations: number of evaluations, evenly spaced.
    train_eval_images: number of training images that each evaluation includes;
      0 for none.
    log_every_steps: steps between progress lines.
    checkpoint_every_steps: steps between checkpoints.
    records_dir: folder of prepared records; see data/source.py.
    config: the configuration as text, which identifies the run; None for none.
    operative_config: returns what operative_config.gin contains, every key that
      was used, at the end of the training; None for no such file.
    accept_changed_data: whether a run is resumed although its data or its
      number of steps changed.

  Returns:
    The workdir.

  Raises:
    ValueError: for options or data that cannot be used, or a workdir that
      another process holds or that contains another run. Nothing was written
      to the workdir.
    FloatingPointError: if a loss, weight or statistic is not finite; it names
      the step and the term, or the variable.
    interruption.StoppedError: after Ctrl-C or SIGTERM; a checkpoint is saved.
    cluster.LostWorkerError: if another machine has ended or cannot be reached.
  """
  options.check(locals())
  # With several machines, it must exist before TensorFlow does anything else.
  chosen_strategy = strategies.make(strategy)
  workers = workers_lib.Workers(chosen_strategy)
  workers.check_same(
    {
      'the configuration': config or '',
      'the release of TensorFlow': tf.__version__,
      'the release of Keras': keras.__version__,
    }
  )
  tf.config.experimental.enable_op_determinism()
  precision_lib.set_policy(precision)
  directory = pathlib.Path(workdir)
  data_dir, *further_dirs = (
    [data_dir] if isinstance(data_dir, str) else data_dir
  )
  mixing = mixing or mixing_lib.Mixing()
  if further_dirs and distillation and distillation.cache_dir:
    raise ValueError(
      'Distillation.cache_dir keeps the maps of one data set, but several are '
      'mixed. Set it to None in the gin file, or give one --data_dir.'
    )
  counts = mixing.counts(batch_size, 1 + len(further_dirs))
  replicas = chosen_strategy.num_replicas_in_sync
  strategies.check_counts(counts, replicas)
  open_train = functools.partial(
    source.open_split,
    split='train',
    records_dir=records_dir,
    on_disk=cache == 'disk',
  )
  # Records, and decoded pixels on disk, may have to be prepared.
  with workers.chief_first():
    train_source = open_train(data_dir)
    examples = int(train_source.cardinality())
    total_steps = max(1, math.floor(epochs * examples / counts[0]))
    if examples < counts[0]:
      print(
        f'The train split has {problems.count(examples, "pair")}, fewer than '
        f'the {counts[0]} that a step takes (train.batch_size), so it takes '
        'each more than once.'
      )
    sets = _evaluation_sets(
      data_dir, records_dir, train_source, train_eval_images, batch_size
    )
    train_sources = [train_source, *map(open_train, further_dirs)]

  loss = mixing.loss(counts) or loss or weighted.WeightedLoss({'silog': 1.0})
  # After the data is opened: preparing records draws random numbers.
  keras.utils.set_random_seed(seed)
  with workers.needed():
    state = state_lib.create(
      strategy=chosen_strategy,
      network=network,
      optimizer=optimizer,
      total_steps=total_steps,
      initial_network=initial_network,
      initial_encoder=initial_encoder,
      encoder_names=encoder_names,
      loss_scaling=precision == 'mixed_float16',
      loss=loss,
      quantisation=quantisation,
      distillation=distillation,
    )
  teacher = distillation.teacher_digest if distillation else ''
  state.config_hash = (
    workdir_lib.config_hash(config + teacher) if config else ''
  )

  changes = augmentation or augmentation_lib.Augmentation()

  def batches_from(
    step: int, teacher_maps: Callable | None = None
  ) -> tf.data.Dataset:
    return mixing_lib.batches(
      train_sources,
      counts,
      seed,
      start_step=step,
      augmentation=changes,
      input_size=tuple(state.network.input_shape[1:3]),
      target_size=tuple(target_size),
      teacher_size=(
        distillation.teacher_size if distillation and not teacher_maps else None
      ),
      teacher_maps=teacher_maps,
      cache=cache,
      part=strategies.part(chosen_strategy),
    )

  batches_from(0)  # Refuses what it cannot use before the workdir is claimed.
  earlier = None
  if workers.is_chief:
    earlier = claim.stored_data(directory, accept_changed_data)
  splits = fingerprint.describe_all(
    [data_dir, *further_dirs],
    ['train', *(split for split in sets if split == 'validation')],
    earlier and earlier['splits'],
  )
  workers.check_same(
    {
      **{x: fingerprint.identity(split) for x, split in splits.items()},
      'the teacher': teacher,
    }
  )
  store = functools.partial(
    claim.store,
    directory,
    config=config,
    splits=splits,
    total_steps=total_steps,
    precision=precision,
    teacher=teacher,
  )
  with contextlib.ExitStack() as stack:
    validation_changed = workers.is_chief and stack.enter_context(
      claim.claimed(
        directory,
        config=config,
        splits=splits,
        earlier=earlier,
        total_steps=total_steps,
        accept_changed_data=accept_changed_data,
        teacher=teacher,
      )
    )
    if workers.is_chief and operative_config:
      write = workdir_lib.write_operative_config
      stack.callback(lambda: write(directory, operative_config()))
    if workers.is_chief and state.restore(directory):
      print(f'Resuming at step {state.step} of {total_steps} in {workdir}.')
    if workers.count > 1:
      state.copy_from_chief(workers.share)
    done = state.step >= total_steps
    # Without validation, the best network is the last one.
    has_best = state.best < math.inf or (done and 'validation' not in sets)
    lost = []
    if workers.is_chief:
      lost = run_lib.lost_networks(directory, state, has_best)
    if done and not lost and not validation_changed:
      if workers.is_chief:
        store()
        print(f'{workdir} is already trained ({state.step} steps).')
      workers.wait()
      return directory
    # Images of all data sets in a pass over the first one.
    pass_images = examples * batch_size / counts[0]
    run = run_lib.Steps(directory, state, total_steps)
    if workers.is_chief:
      run = run_lib.Run(directory, state, total_steps, pass_images, batch_size)
    restarts = workdir_lib.BEST in lost or validation_changed
    if restarts:
      run.restart_best()
    elif lost:
      run.save()
    if workers.is_chief:
      store()
    if not done:
      teacher_maps = None
      if distillation and distillation.cache_dir:
        with workers.chief_first():
          teacher_maps = distillation.cache(
            pipeline.pictures(
              train_source,
              batch_size=batch_size,
              augmentation=changes,
              size=distillation.teacher_size,
            ),
            examples,
            [fingerprint.identity(splits['train']), repr(changes)],
          )
      precision_lib.apply(precision, state.network)
      step_fn = step_lib.make_train_step(
        strategy=chosen_strategy,
        network=state.network,
        average=state.average,
        optimizer=state.optimizer,
        loss=loss,
        gradient_clip=gradient_clip,
        ema_decay=ema_decay,
        loss_variables=state.loss_variables,
        distillation=distillation,
        order=mixing_lib.order(counts, replicas),
      )
      with workers.needed():
        _take_steps(
          run,
          workers,
          step_fn,
          strategies.distributed(
            chosen_strategy, batches_from(state.step, teacher_maps)
          ),
          sets,
          evaluate_every=max(1, math.ceil(total_steps / max(evaluations, 1))),
          checkpoint_every=checkpoint_every_steps,
          log_every=log_every_steps,
        )
    elif restarts:
      run.evaluate(sets)
      run.save()
    if 'validation' not in sets:
      run.save_best()
    workers.wait()
  print(f'Done. Results are in {workdir}.')
  return directory


def _take_steps(
  run: run_lib.Steps,
  workers: workers_lib.Workers,
  step_fn: Callable[[dict], dict],
  batches: Iterable[dict],
  sets: dict[str, Iterable[dict]],
  *,
  evaluate_every: int,
  checkpoint_every: int,
  log_every: int,
) -> None:
  """Takes the steps of a run up to its last one, or until a signal."""
  state = run.state
  with interruption.awaited() as request:
    for batch in batches:
      run.add(step_fn(batch))
      at_end = state.step == run.total_steps
      stops = workers.any(request.signal_number is not None)
      evaluate = at_end or state.step % evaluate_every == 0
      checkpoint = evaluate or stops or state.step % checkpoint_every == 0
      if checkpoint or state.step % log_every == 0:
        run.log()
      if evaluate:
        run.evaluate(sets)
      if checkpoint:
        run.save()
      if at_end:
        return
      if stops:
        raise interruption.StoppedError(
          f'Stopped at step {state.step} of {run.total_steps}; its checkpoint '
          f'is in {run.workdir}. The same command resumes from there.',
          request.signal_number or signal.SIGTERM,
        )
