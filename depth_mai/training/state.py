# SPDX-License-Identifier: Apache-2.0
"""Builds, saves and restores the state of a run."""

from collections.abc import Callable
import dataclasses
import itertools
import pathlib
import typing

import keras
import numpy as np
import tensorflow as tf

from depth_mai.distillation import distillation as distillation_lib
from depth_mai.files import ready_models
from depth_mai.files import workdir as workdir_lib
from depth_mai.models import compact_weights
from depth_mai.models import depth_recoding
from depth_mai.models import encoder_weights
from depth_mai.models import network_file
from depth_mai.models import normalisation
from depth_mai.training import checkpoint


class Rewriting(typing.Protocol):
  """A rewrite of a trained network that is then trained further."""

  def apply(self, network: keras.Model, total_steps: int) -> keras.Model:
    """Returns the rewritten network for a training of `total_steps` steps."""
    ...


@dataclasses.dataclass
class State:
  """A run's variables and counters: everything that changes in a step.

  Attributes:
    network: the network being trained.
    average: a second network with averaged weights, which is evaluated, saved
      and converted.
    optimizer: built for the variables of the network and of the loss.
    loss_variables: variables of the loss and of the distillation, trained
      along with the network.
    step: steps taken.
    best: smallest validation si-RMSE so far.
    config_hash: hash of the run's configuration, '' for none; a checkpoint with
      another one is refused.
  """

  network: keras.Model
  average: keras.Model
  optimizer: keras.optimizers.Optimizer
  loss_variables: list[keras.Variable]
  step: int = 0
  best: float = float('inf')
  config_hash: str = ''

  def _variables(self) -> dict[str, list]:
    return {
      'network': self.network.variables,
      'average': self.average.variables,
      'optimizer': self.optimizer.variables,
      'loss': self.loss_variables,
    }

  def save(self, workdir: pathlib.Path) -> None:
    """Writes last.keras and a checkpoint."""
    network_file.save_network(self.average, workdir / workdir_lib.LAST)
    checkpoint.save(
      workdir / workdir_lib.CHECKPOINTS,
      self.step,
      self.best,
      self._variables(),
      self.config_hash,
    )

  def restore(self, workdir: pathlib.Path) -> bool:
    """Restores the newest whole checkpoint; returns whether there was one.

    Args:
      workdir: folder of the run.

    Raises:
      ValueError: see checkpoint.restore_newest.
    """
    restored = checkpoint.restore_newest(
      workdir / workdir_lib.CHECKPOINTS,
      self._variables(),
      self.config_hash,
    )
    if restored is None:
      return False
    self.step, self.best = restored
    return True

  def copy_from_chief(
    self, share: Callable[[list[np.ndarray]], list[np.ndarray]]
  ) -> None:
    """Takes over the state of the chief; see workers.Workers.share.

    Args:
      share: from the arrays of this machine to those of the chief.
    """
    members = itertools.chain.from_iterable(self._variables().values())
    variables = list(members)
    step, best, *values = share(
      [
        np.array(self.step, np.int64),
        np.array(self.best, np.float64),
        *map(keras.ops.convert_to_numpy, variables),
      ]
    )
    self.step, self.best = int(step), float(best)
    for variable, value in zip(variables, values, strict=True):
      variable.assign(value)


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
  """Copies all weights to a network of the same structure."""
  for from_variable, to_variable in zip(
    source.variables, target.variables, strict=True
  ):
    to_variable.assign(from_variable)


def _check_sizes(network: keras.Model) -> None:
  for variable in network.variables:
    if 0 in variable.shape:
      raise ValueError(
        f'{network.name} has a layer without channels: {variable.path} has the '
        f'shape {tuple(variable.shape)}. Change the options of the network in '
        'the gin file; sizes and widths are above 0.'
      )


def _load_network(network: keras.Model, initial: str) -> None:
  path = ready_models.weights_path(initial)
  if path.endswith('.npz'):
    compact_weights.load(path, network)
    return
  try:
    source = network_file.load_network(path)
  except ValueError as error:
    raise ValueError(f'train.initial_network: {error}') from error
  try:
    _copy_weights(source, network)
  except ValueError as error:
    raise ValueError(
      f'train.initial_network={path} contains {source.name} with '
      f'{len(source.variables)} variables; the network to train, '
      f'{network.name}, has {len(network.variables)}: {error}'
    ) from error
  normalisation.write(network, normalisation.read(source))
  depth_recoding.recode(network, depth_recoding.depth_code(source))


def _made(
  function: Callable, arguments: tuple, kind: type, name: str
) -> typing.Any:
  """Returns the result of a function, which must be of a kind."""
  result = function(*arguments)
  if not isinstance(result, kind):
    raise ValueError(
      f'{name} must be a function that returns a keras {kind.__name__}, but '
      f'{getattr(function, "__name__", function)} returns a '
      f'{type(result).__name__}. Change it in the gin file or with --gin_param.'
    )
  return result


def create(
  *,
  strategy: tf.distribute.Strategy,
  network: Callable[[], keras.Model],
  optimizer: Callable[[int], keras.optimizers.Optimizer],
  total_steps: int,
  loss_scaling: bool,
  initial_network: str | None = None,
  initial_encoder: str | None = None,
  encoder_names: str | None = None,
  loss: Callable | None = None,
  quantisation: Rewriting | None = None,
  distillation: distillation_lib.Distillation | None = None,
) -> State:
  """Builds the variables of a run.

  Args:
    strategy: the strategy in whose scope they are built.
    network: builds the network.
    optimizer: builds the optimizer for a number of steps.
    total_steps: number of steps of the whole training.
    loss_scaling: whether the optimizer scales the loss (float16).
    initial_network: network to start from instead of random weights: a .keras
      file, or the name of a system in pretrained/.
    initial_encoder: published weights of the encoder to start from, see
      models/encoder_weights.py.
    encoder_names: JSON file with the names in `initial_encoder`, if needed.
    loss: the loss. Its method `build`, if it has one as LearnedWeights does,
      returns variables to train along with the network's.
    quantisation: rewrites both networks so that they round as their INT8 file
      does; None trains them as they are.
    distillation: is built for the network; None for none.

  Returns:
    A state at step 0.

  Raises:
    ValueError: if `network` or `optimizer` returns something else, a layer has
      no channels, the initial network does not fit, `quantisation` is given
      without one, or the distillation's teacher or layers cannot be used.
  """
  if initial_network and initial_encoder:
    raise ValueError(
      'train.initial_network and train.initial_encoder were both given. The '
      'network contains an encoder; remove one of the two.'
    )
  if encoder_names and not initial_encoder:
    raise ValueError(
      'train.encoder_names was given without train.initial_encoder, whose '
      'tensors it names. Give both or none.'
    )
  if quantisation and not initial_network:
    raise ValueError(
      'train.quantisation starts from a trained network, whose BatchNorm it '
      'folds. Set train.initial_network to its .keras file, or to a system of '
      'pretrained/.'
    )
  with strategy.scope():
    trained = _made(network, (), keras.Model, 'train.network')
    average = network()
    _check_sizes(trained)
    if initial_network:
      _load_network(trained, initial_network)
    if initial_encoder:
      print(encoder_weights.load(trained, initial_encoder, encoder_names))
    _copy_weights(trained, average)
    normalisation.write(average, normalisation.read(trained))
    if quantisation:
      trained = quantisation.apply(trained, total_steps)
      average = quantisation.apply(average, total_steps)
    built = _made(
      optimizer, (total_steps,), keras.optimizers.Optimizer, 'train.optimizer'
    )
    if loss_scaling:
      built = keras.optimizers.LossScaleOptimizer(built)
    build_loss = getattr(loss, 'build', None)
    loss_variables = build_loss() if build_loss else []
    if distillation:
      loss_variables = loss_variables + distillation.build(trained)
    built.build(trained.trainable_variables + loss_variables)
  return State(trained, average, built, loss_variables)
