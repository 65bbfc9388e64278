# SPDX-License-Identifier: Apache-2.0
"""Trains a network with this project, for benchmarks/pytorch_step.py.

    python -m benchmarks.step_race.own_worker FOLDER FUSED PRECISION THREADS

FOLDER is from graph.export; FUSED is 1, or 0 for the BatchNorm of Keras;
PRECISION is a value of train.precision.
"""

from collections.abc import Callable
import contextlib
import json
import pathlib
import sys
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from benchmarks.step_race import recipe
from benchmarks.step_race import turns
from depth_mai.losses import weighted
from depth_mai.models import network_file
from depth_mai.training import fused_norm
from depth_mai.training import optimizers
from depth_mai.training import precision as precision_lib
from depth_mai.training import step as step_lib


def make_step(
  network: keras.Model,
  average: keras.Model,
  upsampling: str,
  fused: bool,
  precision: str = 'float32',
) -> Callable[[dict], dict]:
  """Returns the project's training step.

  Args:
    network: is trained.
    average: receives the moving average of its weights and statistics.
    upsampling: how the loss enlarges the prediction, 'bilinear' or 'nearest'.
    fused: whether BatchNorm has TensorFlow's fused kernel, as in a training.
    precision: 'float32' or 'bfloat16_convolutions'.
  """
  precision_lib.apply(precision, network)
  optimizer = optimizers.adamw(
    1,
    schedule=lambda _: recipe.LEARNING_RATE,
    weight_decay=recipe.WEIGHT_DECAY,
    epsilon=recipe.ADAM_EPSILON,
  )
  optimizer.build(network.trainable_variables)
  plain = mock.patch.object(fused_norm, 'fuse')
  with contextlib.nullcontext() if fused else plain:
    return step_lib.make_train_step(
      strategy=tf.distribute.get_strategy(),
      network=network,
      average=average,
      optimizer=optimizer,
      loss=weighted.WeightedLoss({'silog': 1.0}, upsampling=upsampling),
      gradient_clip=recipe.GRADIENT_CLIP,
      ema_decay=recipe.EMA_DECAY,
    )


def prepare(
  folder: pathlib.Path, fused: bool, precision: str = 'float32'
) -> tuple[Callable[[], Any], recipe.Evidence]:
  """Builds the network and takes the first steps.

  Args:
    folder: from graph.export.
    fused: see make_step.
    precision: see make_step.

  Returns:
    The step, and the evidence.
  """
  upsampling = json.loads((folder / recipe.GRAPH).read_text())['upsampling']
  network, average = (
    network_file.load_network(folder / recipe.NETWORK) for _ in range(2)
  )
  with np.load(folder / recipe.BATCH) as arrays:
    batch = {name: tf.constant(array) for name, array in arrays.items()}
  difference = network(batch['rgb'], training=False) - batch.pop('prediction')
  train_step = make_step(network, average, upsampling, fused, precision)

  def step() -> tuple[float, float]:
    results = train_step(batch)
    return float(results['loss']), float(results['gradient_norm'])

  def weights(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables]

  return step, recipe.evidence(
    float(tf.reduce_max(tf.abs(difference))),
    step,
    lambda: weights(network),
    lambda: weights(average),
  )


if __name__ == '__main__':
  folder, fused, precision = sys.argv[1:4]
  threads = int(sys.argv[4])
  tf.config.threading.set_intra_op_parallelism_threads(threads)
  tf.config.threading.set_inter_op_parallelism_threads(threads)
  turns.serve(lambda: prepare(pathlib.Path(folder), fused == '1', precision))
