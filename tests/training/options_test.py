# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/options.py."""

import inspect
import math

from absl.testing import absltest
from absl.testing import parameterized
import keras

from depth_mai.data import augmentation
from depth_mai.distillation import distillation
from depth_mai.lite import quantisation_aware
from depth_mai.losses import weighted
from depth_mai.models.systems import tcl
from depth_mai.training import loop
from depth_mai.training import options

_DEFAULTS = {
  name: parameter.default
  for name, parameter in inspect.signature(loop.train).parameters.items()
}


class OptionsTest(parameterized.TestCase):
  def test_the_defaults_and_other_good_values(self):
    options.check(_DEFAULTS)
    good = {
      'epochs': 0.5,
      'batch_size': 1,
      'target_size': [12, 16],
      'gradient_clip': None,
      'loss': print,
      'augmentation': augmentation.Augmentation(),
      'initial_network': 'tcl',
      'evaluations': 0,
      'distillation': distillation.Distillation(
        'a.keras', [('feature_l2', 1.0, 'a', 'b')]
      ),
    }
    options.check(_DEFAULTS | good)

  @parameterized.parameters(
    ('batch_size', 'a'),
    ('batch_size', 0),
    ('batch_size', True),
    ('batch_size', 2.0),
    ('epochs', None),
    ('epochs', 0),
    ('epochs', math.inf),
    ('epochs', math.nan),
    ('target_size', 3),
    ('target_size', (3,)),
    ('target_size', (0, 16)),
    ('target_size', 'ab'),
    ('network', 'tcl'),
    ('network', keras.Sequential()),
    ('optimizer', None),
    ('optimizer', keras.optimizers.Adam()),
    ('loss', 'silog'),
    ('loss', weighted.WeightedLoss),
    ('loss', tcl.tcl),
    ('augmentation', 3),
    ('cache', 'memory'),
    ('gradient_clip', 0),
    ('ema_decay', 1.5),
    ('precision', 'float8'),
    ('precision', ['float32']),
    ('strategy', 'tpu'),
    ('seed', -1),
    ('seed', 2**32),
    ('initial_network', 5),
    ('initial_network', ''),
    ('initial_encoder', ''),
    ('encoder_names', 5),
    ('quantisation', True),
    ('quantisation', quantisation_aware.FakeQuantisation),
    ('distillation', 'teacher.keras'),
    ('distillation', distillation.Distillation),
    ('evaluations', -1),
    ('train_eval_images', 'all'),
    ('log_every_steps', 0),
    ('checkpoint_every_steps', 0),
  )
  def test_refuses(self, name, value):
    with self.assertRaisesRegex(ValueError, f'^train.{name} is .*; allowed: '):
      options.check(_DEFAULTS | {name: value})

  def test_a_cache_needs_pictures_that_stay(self):
    kept = distillation.Distillation(
      'a.keras', [('feature_l2', 1.0, 'a', 'b')], cache_dir='maps'
    )
    off = augmentation.Augmentation.off()
    options.check(_DEFAULTS | {'distillation': kept, 'augmentation': off})
    with self.assertRaisesRegex(
      ValueError, "at random: Augmentation.crop = 'r2', .*cache_dir"
    ):
      options.check(_DEFAULTS | {'distillation': kept})


if __name__ == '__main__':
  absltest.main()
