# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/workers.py, with two processes as machines."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import keras
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.files import workdir as workdir_lib
from depth_mai.losses import weighted
from depth_mai.models import network_file
from depth_mai.training import cluster
from depth_mai.training import loop
from depth_mai.training import strategies
from depth_mai.training import workers
from tests.data import dummy_data

_STEPS = 20
_SAVED_EVERY = 5
_KILLED_AFTER = 12
_TIMEOUT_S = 1800


def _network():
  inputs = keras.Input((16, 16, 3))
  x = keras.layers.Rescaling(1 / 255)(inputs)
  # A bias before BatchNorm has no gradient but noise, which Adam scales up.
  x = keras.layers.Conv2D(4, 3, strides=4, padding='same', use_bias=False)(x)
  x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
  depth_m = keras.layers.Conv2D(1, 1, activation='softplus', name='depth_m')
  return keras.Model(inputs, depth_m(x), name='toy')


def _train(folder, workdir, strategy):
  """Trains on ten pairs, a part of whose depth is unknown."""
  return loop.train(
    str(workdir),
    str(folder / 'data'),
    network=_network,
    loss=weighted.WeightedLoss({'silog': 1.0, 'gradient': 0.1}),
    augmentation=augmentation.Augmentation(crop='zoom'),
    optimizer=lambda steps: keras.optimizers.AdamW(0.01),
    gradient_clip=1.0,
    epochs=_STEPS * 4 / 10,
    batch_size=4,
    target_size=(16, 16),
    strategy=strategy,
    evaluations=0,
    train_eval_images=0,
    log_every_steps=1,
    checkpoint_every_steps=_SAVED_EVERY,
    records_dir=str(folder / 'records'),
    config='a run',
  )


def _losses(workdir):
  lines = (workdir / workdir_lib.METRICS).read_text().splitlines()
  return {
    line['step']: (line['loss'], line['gradient_norm'])
    for line in map(json.loads, lines)
  }


def _free_addresses(count):
  """Returns addresses of this machine whose ports nobody uses."""
  sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
  ports = [one.getsockname()[1] for one in sockets]
  for one in sockets:
    one.close()
  return [f'127.0.0.1:{port}' for port in ports]


class OneMachineTest(tf.test.TestCase):
  def test_it_is_its_own_chief(self):
    alone = workers.Workers(strategies.make('default'))
    self.assertTrue(alone.is_chief)
    self.assertEqual(alone.any(True), True)
    self.assertEqual(alone.any(False), False)
    alone.wait()
    alone.check_same({'the data': 'a'})
    with self.assertRaises(tf.errors.UnavailableError):
      with alone.needed():
        raise tf.errors.UnavailableError(None, None, 'a bug')


class TwoMachinesTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    dummy_data.write_folder(self.folder / 'data', {'train': 10})

  def _start(self):
    """Starts both machines, each with its own disk."""
    addresses = _free_addresses(2)
    processes = []
    for index, name in enumerate(('run', 'other_disk')):
      task = {'type': 'worker', 'index': index}
      config = {'cluster': {'worker': addresses}, 'task': task}
      with (self.folder / f'output_{index}').open('w') as output:
        process = subprocess.Popen(
          [sys.executable, __file__],
          env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(sys.path),
            'TF_CONFIG': json.dumps(config),
            'DEPTH_MAI_WORKER': f'{self.folder}:{self.folder / name}',
          },
          stdout=output,
          stderr=subprocess.STDOUT,
        )
      self.addCleanup(process.kill)
      processes.append(process)
    return processes

  def _output(self, index):
    return (self.folder / f'output_{index}').read_text()

  def test_they_train_like_one_and_resume_after_a_kill(self):
    chief, other = self._start()
    deadline = time.monotonic() + _TIMEOUT_S
    while f'step {_KILLED_AFTER}/' not in self._output(0):
      self.assertIsNone(chief.poll(), self._output(0))
      self.assertLess(time.monotonic(), deadline)
      time.sleep(0.005)
    other.send_signal(signal.SIGKILL)
    self.assertEqual(chief.wait(_TIMEOUT_S), cluster.LOST_WORKER_CODE)
    self.assertRegex(
      self._output(0).splitlines()[-1],
      'Worker 0 of 2 has lost another worker.*same command on all machines',
    )
    before = _losses(self.folder / 'run')
    self.assertBetween(len(before), _KILLED_AFTER, _STEPS - 1)

    codes = [process.wait(_TIMEOUT_S) for process in self._start()]
    self.assertEqual(codes, [0, 0], self._output(0) + self._output(1))
    self.assertIn('Resuming at step', self._output(0))
    together = _losses(self.folder / 'run')
    for step, values in before.items():
      self.assertEqual(together[step], values)
    # The chief alone writes.
    self.assertFalse((self.folder / 'other_disk').exists())

    alone = _train(self.folder, self.folder / 'alone', 'default')
    for step, values in _losses(alone).items():
      self.assertAllClose(together[step], values, rtol=1e-4, atol=1e-4)
    self.assertLen(together, _STEPS)
    for one, two in zip(
      network_file.load_network(self.folder / 'run/last.keras').variables,
      network_file.load_network(alone / 'last.keras').variables,
      strict=True,
    ):
      self.assertAllClose(one, two, rtol=1e-3, atol=1e-4, msg=one.path)


def _train_as_worker(folders):
  folder, workdir = map(pathlib.Path, folders.split(':'))
  try:
    _train(folder, workdir, 'multi_worker')
  except cluster.LostWorkerError as error:
    print(error, flush=True)
    sys.exit(error.exit_code)
  sys.exit(0)


if __name__ == '__main__':
  if 'DEPTH_MAI_WORKER' in os.environ:
    _train_as_worker(os.environ['DEPTH_MAI_WORKER'])
  tf.test.main()
