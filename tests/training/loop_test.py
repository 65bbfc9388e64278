# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/loop.py: a whole run, and resumed ones.

benchmarks/kill_and_damage_test.py kills runs.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from absl.testing import parameterized
import keras
import numpy as np
from PIL import Image
import tensorflow as tf

from depth_mai import gin_registry
from depth_mai.data import augmentation
from depth_mai.distillation import distillation as distillation_lib
from depth_mai.files import metrics_log
from depth_mai.files import workdir as workdir_lib
from depth_mai.layers import fake_quantisation
from depth_mai.lite import quantisation_aware
from depth_mai.losses import learned_weights
from depth_mai.losses import weighted
from depth_mai.models import network_file
from depth_mai.training import interruption
from depth_mai.training import loop

_ROOT = pathlib.Path(__file__).parents[2]
_STEPS = 60
_BINDINGS = (
  'train.network = @tcl',
  'tcl.options = @TclOptions()',
  'TclOptions.input_size = (32, 32)',
  'TclOptions.output_size = (8, 8)',
  'TclOptions.clb_expansion = 4',
  'TclOptions.dropout = 0.1',
  'train.epochs = 20',
  'train.batch_size = 2',
  'train.target_size = (16, 16)',
  'train.evaluations = 2',
  'train.train_eval_images = 2',
  'train.log_every_steps = 5',
  'train.checkpoint_every_steps = 5',
)


def _write_data(root: pathlib.Path) -> None:
  """Writes six training and two validation pairs: nearer is brighter."""
  rng = np.random.default_rng(0)
  for split, count in (('train', 6), ('validation', 2)):
    for kind in ('rgb', 'depth'):
      (root / split / kind).mkdir(parents=True)
    for index in range(count):
      depth_mm = np.tile(np.linspace(800, 4000, 64), (48, 1))
      depth_mm = np.roll(depth_mm, rng.integers(64), axis=1).astype(np.uint16)
      rgb = np.repeat((200e3 / depth_mm)[..., None].astype(np.uint8), 3, 2)
      Image.fromarray(rgb).save(root / split / 'rgb' / f'{index}.png')
      Image.fromarray(depth_mm).save(root / split / 'depth' / f'{index}.png')


def _toy(size=32):
  inputs = keras.Input((size, size, 3))
  x = keras.layers.Rescaling(1 / 255)(inputs)
  conv = keras.layers.Conv2D(
    1, 4, strides=4, activation='softplus', name='depth_m'
  )
  return keras.Model(inputs, conv(x), name='toy')


class LoopTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(cls.get_temp_dir(cls('test_run_is_complete')))
    cls.data_dir = cls.folder / 'data'
    _write_data(cls.data_dir)
    (cls.folder / 'tiny.gin').write_text('\n'.join(_BINDINGS))
    cls.workdir = cls.folder / 'whole'
    process = cls._start(cls.workdir)
    output, _ = process.communicate(timeout=300)
    if process.returncode:
      raise RuntimeError(output)
    cls.output = output

  @classmethod
  def _start(cls, workdir, *arguments):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    environment['DEPTH_MAI_RECORDS'] = str(cls.folder / 'records')
    return subprocess.Popen(
      [
        sys.executable,
        '-m',
        'depth_mai.train',
        f'--gin_file={cls.folder / "tiny.gin"}',
        f'--data_dir={cls.data_dir}',
        f'--workdir={workdir}',
        *arguments,
      ],
      cwd=_ROOT,
      env=environment,
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )

  def _lines(self, workdir):
    lines = []
    for line in (workdir / 'metrics.jsonl').read_text().splitlines():
      line = json.loads(line)
      line.pop('images_per_second', None)
      lines.append(line)
    return lines

  def test_run_is_complete(self):
    for name in (
      workdir_lib.BEST,
      workdir_lib.LAST,
      workdir_lib.CONFIG,
      workdir_lib.OPERATIVE_CONFIG,
      workdir_lib.VERSIONS,
    ):
      self.assertTrue((self.workdir / name).is_file(), name)
    self.assertIn('images/s', self.output)
    self.assertIn('left', self.output)
    self.assertLen(list((self.workdir / 'pictures').iterdir()), 4)
    lines = self._lines(self.workdir)
    self.assertLen([line for line in lines if line['split'] == 'train'], 12)
    losses = [line['loss'] for line in lines if line['split'] == 'train']
    self.assertLess(losses[-1], losses[0])
    evaluated = [line for line in lines if line['split'] == 'validation']
    self.assertEqual([line['step'] for line in evaluated], [30, 60])
    self.assertEqual([line['images'] for line in evaluated], [60, 120])
    operative = (self.workdir / workdir_lib.OPERATIVE_CONFIG).read_text()
    self.assertIn('TclOptions.clb_expansion = 4', operative)
    self.assertIn('train.ema_decay', operative)

  def test_a_signal_saves_a_checkpoint(self):
    calls = []

    def send():
      calls.append(1)
      if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGTERM)

    def loss(prediction, depth_m, valid_mask):
      tf.py_function(send, [], [])
      silog = weighted.WeightedLoss({'silog': 1.0})
      return silog(prediction, depth_m, valid_mask)

    kwargs = dict(network=_toy, loss=loss, epochs=2, checkpoint_every_steps=50)
    with self.assertRaisesRegex(
      interruption.StoppedError, r'Stopped at step \d of 6; .*same command'
    ) as caught:
      self._train('stopped', **kwargs)
    self.assertEqual(caught.exception.exit_code, 143)
    (newest,) = (self.folder / 'stopped' / workdir_lib.CHECKPOINTS).iterdir()
    with np.load(newest) as arrays:
      stopped_at = int(arrays['step'])
    self.assertBetween(stopped_at, 2, 3)
    self._train('stopped', **kwargs)
    self.assertLen(calls, 6)

  def _train(self, name, **kwargs):
    gin_registry.parse([], _BINDINGS)
    return gin_registry.train(
      workdir=str(self.folder / name),
      data_dir=str(self.data_dir),
      records_dir=str(self.folder / 'records'),
      **kwargs,
    )

  def test_resumed_run_ends_with_the_same_learned_weights(self):
    def train(name, epochs, **kwargs):
      folder = self._train(
        name,
        **kwargs,
        epochs=epochs,
        network=_toy,
        loss=learned_weights.LearnedWeights(
          weighted.WeightedLoss({'silog': 1.0, 'gradient': 0.25})
        ),
        # Neither schedule nor evaluations may depend on the length of the run.
        optimizer=lambda steps: keras.optimizers.Adam(0.01),
        evaluations=epochs // 2,
        train_eval_images=0,
      )
      lines = [line for line in self._lines(folder) if line['split'] == 'train']
      newest = max((folder / workdir_lib.CHECKPOINTS).iterdir())
      return lines, dict(np.load(newest))

    train('two_runs', epochs=2)
    with self.assertRaisesRegex(ValueError, '12 steps instead of 6'):
      train('two_runs', epochs=4)
    lines, resumed = train('two_runs', epochs=4, accept_changed_data=True)
    whole_lines, whole = train('one_run', epochs=4)
    self.assertEqual(whole['step'], 12)
    self.assertCountEqual(resumed, whole)
    for name, values in whole.items():
      self.assertAllEqual(resumed[name], values, msg=name)
    learned = [whole['loss/0000'], whole['loss/0001']]
    self.assertNotAllClose(learned, [1.0, 1.0], atol=0.01)
    self.assertEqual(lines[-1]['weight_silog'], whole_lines[-1]['weight_silog'])
    # The log shows the factors of the last steps before their update.
    factors = np.array([1.0, 0.25]) / (2 * np.square(learned))
    reported = [whole_lines[-1][f'weight_{n}'] for n in ('silog', 'gradient')]
    self.assertAllClose(reported, factors, rtol=0.1)

  def test_resumed_run_ends_with_the_same_rounding(self):
    start = _toy()
    path = str(self.folder / 'toy.keras')
    start.save(path)

    def train(name, epochs, **kwargs):
      folder = self._train(
        name,
        **kwargs,
        epochs=epochs,
        network=_toy,
        initial_network=path,
        # Ranges move for three steps, and not after the run resumes.
        quantisation=quantisation_aware.FakeQuantisation(freeze_at=1 / epochs),
        optimizer=lambda steps: keras.optimizers.Adam(0.01),
        evaluations=epochs // 2,
        train_eval_images=0,
      )
      newest = max((folder / workdir_lib.CHECKPOINTS).iterdir())
      return folder, dict(np.load(newest))

    train('rounded_two_runs', epochs=2)
    folder, resumed = train(
      'rounded_two_runs', epochs=4, accept_changed_data=True
    )
    _, whole = train('rounded_one_run', epochs=4)
    self.assertEqual(whole['step'], 12)
    self.assertCountEqual(resumed, whole)
    for name, values in whole.items():
      self.assertAllEqual(resumed[name], values, msg=name)
    network = network_file.load_network(folder / workdir_lib.BEST)
    image = np.full((1, 32, 32, 3), 90, np.float32)
    for layer in network.layers:
      if isinstance(layer, fake_quantisation.FakeQuantise):
        self.assertGreater(layer.high, 0)
    self.assertAllGreater(network(image, training=False), 0)

  def _distil(self, name, teacher, cache_dir=None):
    folder = self._train(
      name,
      network=_toy,
      epochs=2,
      train_eval_images=0,
      augmentation=augmentation.Augmentation.off(),
      distillation=distillation_lib.Distillation(
        str(teacher), [('log_response', 0.5, 'depth_m', 'depth_m')], cache_dir
      ),
    )
    return [x for x in self._lines(folder) if x['split'] == 'train']

  def test_a_teacher_teaches_and_must_stay(self):
    teacher = self.folder / 'teacher.keras'
    _toy(48).save(teacher)
    before = teacher.read_bytes()
    for line in self._distil('taught', teacher):
      total = line['silog'] + 0.5 * line['log_response_depth_m']
      self.assertAllClose(line['loss'], total, rtol=1e-4)
    self.assertEqual(teacher.read_bytes(), before)
    _toy(48).save(teacher)  # With other weights.
    with self.assertRaisesRegex(ValueError, 'a run with another teacher'):
      self._distil('taught', teacher)

  def test_maps_of_a_teacher_are_kept_on_disk(self):
    teacher = self.folder / 'teacher_of_kept_maps.keras'
    _toy(48).save(teacher)
    kept = self.folder / 'maps'
    none, new, old = (
      [x['loss'] for x in self._distil(f'kept_{number}', teacher, cache_dir)]
      for number, cache_dir in enumerate((None, str(kept), str(kept)))
    )
    self.assertAllClose(none, new, rtol=1e-5)
    self.assertEqual(new, old)
    self.assertLen(list(kept.glob('*/maps_00.npy')), 1)

  def test_a_finished_run_is_not_trained_again(self):
    last = self.workdir / workdir_lib.LAST
    before = last.stat().st_mtime_ns
    self._train('whole')
    self.assertEqual(last.stat().st_mtime_ns, before)

  def test_nan_stops_the_training_and_names_step_and_term(self):
    calls = []

    def loss(prediction, depth_m, valid_mask):
      del depth_m, valid_mask
      calls.append(1)
      good = tf.reduce_mean(prediction**2)
      bad = tf.math.log(-good)
      return good + bad, {'good': good, 'bad': bad}

    with self.assertRaisesRegex(FloatingPointError, r'Step 1: bad is not'):
      self._train('nan', loss=loss)
    self.assertLen(calls, 1)
    checkpoints = self.folder / 'nan' / workdir_lib.CHECKPOINTS
    self.assertFalse(checkpoints.exists())

  @parameterized.parameters('mixed_bfloat16', 'mixed_float16')
  def test_mixed_precision(self, precision):
    self.addCleanup(keras.mixed_precision.set_global_policy, 'float32')
    workdir = self._train(precision, precision=precision, epochs=2)
    network = keras.models.load_model(workdir / workdir_lib.LAST)
    self.assertIn(
      network.get_layer('mid_1').compute_dtype, precision.partition('_')[2]
    )
    lines = self._lines(workdir)
    losses = [line['loss'] for line in lines if line['split'] == 'train']
    self.assertLen(losses, 3)
    self.assertAllInRange(losses, 0.01, 2.0)

  def test_fast_convolutions_are_repeatable(self):
    kernels = []
    for name in ('exact', 'fast', 'again'):
      precision = 'float32' if name == 'exact' else 'bfloat16_convolutions'
      workdir = self._train(name, precision=precision, epochs=2, network=_toy)
      network = keras.models.load_model(workdir / workdir_lib.LAST)
      kernels.append(network.get_weights()[0])
    self.assertNotAllEqual(kernels[0], kernels[1])
    self.assertAllEqual(kernels[1], kernels[2])
    versions = (workdir / workdir_lib.VERSIONS).read_text()
    self.assertIn('"precision": "bfloat16_convolutions"', versions)

  def test_starts_from_the_initial_network(self):
    start = str(self.workdir / workdir_lib.LAST)
    frozen = self._train(
      'tuned',
      initial_network=start,
      epochs=0.4,
      ema_decay=1e-9,
      optimizer=lambda steps: keras.optimizers.SGD(0.0),
    )
    before = keras.models.load_model(start)
    after = keras.models.load_model(frozen / workdir_lib.LAST)
    for one, other in zip(before.weights, after.weights, strict=True):
      if 'moving' not in one.path and 'seed' not in one.path:
        self.assertAllClose(one, other, atol=1e-6, msg=one.path)
    with self.assertRaisesRegex(ValueError, 'There is no network'):
      self._train('none', initial_network='nowhere.keras')

  def test_a_start_that_is_refused_claims_nothing(self):
    for kwargs, message in (
      ({'epochs': 0}, 'train.epochs'),
      (
        {'initial_network': 'nowhere.keras'},
        'train.initial_network: There is no network',
      ),
    ):
      with self.assertRaisesRegex(ValueError, message):
        self._train('refused', **kwargs)
      self.assertFalse((self.folder / 'refused').exists())
    with self.assertRaisesRegex(ValueError, 'nowhere is not a folder'):
      loop.train(str(self.folder / 'refused'), 'nowhere')
    self.assertFalse((self.folder / 'refused').exists())

  def test_a_checkpoint_of_another_run_is_refused(self):
    copied = self.folder / 'copied' / workdir_lib.CHECKPOINTS
    shutil.copytree(self.workdir / workdir_lib.CHECKPOINTS, copied)
    with self.assertRaisesRegex(ValueError, 'run with another configuration'):
      self._train('copied', config='train.seed = 9')
    self.assertCountEqual(
      os.listdir(copied.parent), [workdir_lib.CHECKPOINTS, workdir_lib.LOCK]
    )

  def test_lost_networks_of_a_finished_run_are_made_again(self):
    folder = self._train('lost', network=_toy, epochs=1, train_eval_images=0)
    before = keras.models.load_model(folder / workdir_lib.LAST)
    for name in (workdir_lib.BEST, workdir_lib.LAST):
      (folder / name).unlink()
    self._train('lost', network=_toy, epochs=1, train_eval_images=0)
    for name in (workdir_lib.BEST, workdir_lib.LAST):
      after = network_file.load_network(folder / name)
      for one, other in zip(before.weights, after.weights, strict=True):
        self.assertAllEqual(one, other)
    lines = [x for x in self._lines(folder) if x['split'] == 'validation']
    # The last network is the best of those that are left.
    self.assertEqual(lines[-1]['si_rmse'], lines[-2]['si_rmse'])
    self.assertEqual(metrics_log.best_validation(folder), lines[-1])
    newest = max((folder / workdir_lib.CHECKPOINTS).iterdir())
    with np.load(newest) as arrays:
      self.assertAllClose(arrays['best'], lines[-1]['si_rmse'], rtol=1e-4)


if __name__ == '__main__':
  tf.test.main()
