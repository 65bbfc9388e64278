# SPDX-License-Identifier: Apache-2.0
"""Pre-trains a network on semantic segmentation, or resumes that.

The loop is Keras' own fit, on one device. Its BackupAndRestore writes weights
and the number of the pass one after the other, so that a run that is killed in
between would resume with the wrong one. The checkpoints of trainings
(training/checkpoint.py) are written in one go; with batches that are a function
of the seed and the step (data/pipeline.py), a killed run ends with the same
weights.
"""

from collections.abc import Callable
import dataclasses
import pathlib
import sys

import keras
import tensorflow as tf

from depth_mai.data import augmentation as augmentation_lib
from depth_mai.data import fingerprint
from depth_mai.data import pipeline
from depth_mai.files import workdir as workdir_lib
from depth_mai.models import encoder_weights
from depth_mai.models import network_file
from depth_mai.segmentation import classifier as classifier_lib
from depth_mai.segmentation import label_source
from depth_mai.training import checkpoint
from depth_mai.training import claim
from depth_mai.training import journal as journal_lib
from depth_mai.training import optimizers
from depth_mai.training import options

_NO_BEST = float('inf')


@dataclasses.dataclass
class _State:
  """Everything that changes in a step, and where it is saved.

  Attributes:
    workdir: folder of the run.
    network: the depth network.
    classifier: the network that is trained; it shares the depth network's
      layers and is compiled.
    config_hash: hash of the run's configuration, '' for none.
  """

  workdir: pathlib.Path
  network: keras.Model
  classifier: keras.Model
  config_hash: str

  def _variables(self) -> dict[str, list]:
    return {
      'network': self.network.variables,
      'classes': self.classifier.get_layer('classes').variables,
      'optimizer': self.classifier.optimizer.variables,
    }

  def save_network(self) -> None:
    """Writes last.keras."""
    network_file.save_network(self.network, self.workdir / workdir_lib.LAST)

  def save_checkpoint(self, step: int) -> None:
    """Writes a checkpoint, after `step` steps."""
    checkpoint.save(
      self.workdir / workdir_lib.CHECKPOINTS,
      step,
      _NO_BEST,
      self._variables(),
      self.config_hash,
    )

  def restore(self) -> int:
    """Restores the newest whole checkpoint; returns its step, 0 for none."""
    restored = checkpoint.restore_newest(
      self.workdir / workdir_lib.CHECKPOINTS,
      self._variables(),
      self.config_hash,
    )
    return restored[0] if restored else 0


class _AfterEachPass(keras.callbacks.Callback):
  """Saves and logs after each pass.

  The checkpoint is last: a run that is killed before it repeats the pass, and
  writes the same network and the same lines again.
  """

  def __init__(
    self,
    state: _State,
    journal: journal_lib.Journal,
    steps: int,
    batch_size: int,
  ):
    """Takes what is saved, the log, and the steps of a pass."""
    super().__init__()
    self._state = state
    self._journal = journal
    self._steps = steps
    self._batch_size = batch_size

  def on_epoch_end(self, epoch, logs=None):
    """Writes last.keras, the lines of the log and a checkpoint.

    Args:
      epoch: number of the pass, from 0.
      logs: losses and metrics; those of validation begin with 'val_'.

    Raises:
      FloatingPointError: if a weight or statistic is not finite.
    """
    self._state.save_network()
    step = (epoch + 1) * self._steps
    splits: dict[str, dict[str, float]] = {'train': {}, 'validation': {}}
    for name, value in logs.items():
      split = 'validation' if name.startswith('val_') else 'train'
      splits[split][name.removeprefix('val_')] = float(value)
    position = {'epoch': epoch + 1, 'images': step * self._batch_size}
    for split, values in splits.items():
      self._journal.write(split, step, {**position, **values})
    self._state.save_checkpoint(step)


def _compiled_classifier(
  network: keras.Model, classes: int, optimizer: keras.optimizers.Optimizer
) -> keras.Model:
  """Returns the classifier of a depth network, ready to be trained."""
  model = classifier_lib.classifier(network, classes)
  model.compile(
    optimizer,
    classifier_lib.cross_entropy(),
    metrics=classifier_lib.metrics(classes),
    jit_compile=False,
  )
  optimizer.build(model.trainable_variables)
  return model


def pretrain_segmentation(
  workdir: str,
  dataset: str,
  network: Callable[[], keras.Model],
  *,
  optimizer: Callable[[int], keras.optimizers.Optimizer] = optimizers.adamw,
  augmentation: augmentation_lib.Augmentation | None = None,
  epochs: int = 50,
  batch_size: int = 32,
  features: tuple[str, str] | None = None,
  labels: tuple[int, int] | None = None,
  splits: tuple[str, str] | None = None,
  cache: str = 'encoded',
  seed: int = 1,
  initial_encoder: str | None = None,
  encoder_names: str | None = None,
  config: str | None = None,
  accept_changed_data: bool = False,
) -> pathlib.Path:
  """Pre-trains a network on semantic segmentation, or resumes that.

  Args:
    workdir: folder of the run. Its last.keras is the depth network with the
      pre-trained weights and a new head, for train.initial_network.
    dataset: see `label_source.open_builder`.
    network: builds the depth network, a system.
    optimizer: builds the optimizer for a number of steps.
    augmentation: see data/augmentation.py.
    epochs: passes over the training split.
    batch_size: number of images in a step.
    features: names of the picture and the label map in the data set; None for
      those of a known one.
    labels: the first and the last label that is a class; None if the data set
      knows. Pixels with other labels are ignored.
    splits: those to train and to validate on; None for 'train' and
      'validation' or, without it, 'test'.
    cache: form in which the data stays in memory, as train.cache.
    seed: seed for weights, order and augmentation.
    initial_encoder: published weights of the encoder, as train.initial_encoder.
    encoder_names: as train.encoder_names.
    config: the configuration as text, which identifies the run; None for none.
    accept_changed_data: whether a run is resumed although its data changed.

  Returns:
    The workdir.

  Raises:
    ValueError: for options or data that cannot be used, or a workdir that
      another process holds or that contains another run.
    FloatingPointError: if a weight or statistic is not finite.
  """
  options.check(locals(), 'pretrain_segmentation')
  augmentation = augmentation or augmentation_lib.Augmentation()
  if augmentation.zoom_scales_depth:
    raise ValueError(
      'Augmentation.zoom_scales_depth is True; classes must not be scaled. Set '
      'it to False in the gin file.'
    )
  tf.config.experimental.enable_op_determinism()
  directory = pathlib.Path(workdir)
  builder = label_source.open_builder(dataset)
  layout = label_source.find_layout(builder, features, labels)
  train_split, validation_split = splits or (
    'train',
    label_source.validation_split(builder),
  )
  train_source = label_source.open_split(builder, train_split, layout)
  validation_source = label_source.open_split(builder, validation_split, layout)
  steps = max(1, int(train_source.cardinality()) // batch_size)
  total_steps = steps * epochs
  print(
    f'{int(train_source.cardinality())} pictures of {train_split} and '
    f'{int(validation_source.cardinality())} of {validation_split}; '
    f'{layout.classes} classes.'
  )

  # After the data is opened: preparing records draws random numbers.
  keras.utils.set_random_seed(seed)
  depth_network = network()
  if initial_encoder:
    print(encoder_weights.load(depth_network, initial_encoder, encoder_names))
  state = _State(
    directory,
    depth_network,
    _compiled_classifier(depth_network, layout.classes, optimizer(total_steps)),
    workdir_lib.config_hash(config) if config else '',
  )
  size = tuple(depth_network.input_shape[1:3])

  def batches_from(step: int) -> tf.data.Dataset:
    return pipeline.train_dataset(
      train_source,
      batch_size=batch_size,
      seed=seed,
      start_step=step,
      augmentation=augmentation,
      input_size=size,
      target_size=size,
      cache=cache,
    ).map(label_source.training_example)

  validation = pipeline.eval_dataset(
    validation_source, batch_size=batch_size, image_size=size
  ).map(label_source.validation_example)

  batches_from(0)  # Refuses what it cannot use before the workdir is claimed.
  earlier = claim.stored_data(directory, accept_changed_data)
  data = fingerprint.describe(
    builder.data_dir,
    [train_split, validation_split],
    earlier and earlier['splits'],
  )
  with claim.claimed(
    directory,
    config=config,
    splits=data,
    earlier=earlier,
    total_steps=total_steps,
    accept_changed_data=accept_changed_data,
  ):
    passes = state.restore() // steps
    claim.store(directory, config=config, splits=data, total_steps=total_steps)
    if passes >= epochs:
      state.save_network()  # In case it was lost.
      print(f'{workdir} is already pre-trained ({passes} passes).')
      return directory
    if passes:
      print(f'Resuming after pass {passes} of {epochs} in {workdir}.')
    journal = journal_lib.Journal(
      directory, start_step=passes * steps, total_steps=total_steps
    )
    state.classifier.fit(
      batches_from(passes * steps),
      validation_data=validation,
      initial_epoch=passes,
      epochs=epochs,
      steps_per_epoch=steps,
      shuffle=False,  # The pipeline does.
      verbose=1 if sys.stdout.isatty() else 2,
      callbacks=[
        keras.callbacks.TerminateOnNaN(),
        _AfterEachPass(state, journal, steps, batch_size),
      ],
    )
  print(f'Done. {directory / workdir_lib.LAST} is for train.initial_network.')
  return directory
