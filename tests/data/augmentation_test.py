# SPDX-License-Identifier: Apache-2.0
"""Tests of augmentation.py: which options are allowed, and their defaults."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.data import augmentation

Augmentation = augmentation.Augmentation
OFF = Augmentation.off()


def changed(options=OFF, **changes):
  return dataclasses.replace(options, **changes)


class RandomOptionsTest(absltest.TestCase):
  def test_names_what_differs_from_pass_to_pass(self):
    self.assertEmpty(OFF.random_options)
    self.assertEqual(
      ' '.join(Augmentation().random_options),
      'crop rotation_probability flip_probability gamma brightness channel',
    )
    always = changed(
      rotation_degrees=0.0,
      rotation_probability=1.0,
      flip_probability=1.0,
      contrast=(1.3, 1.3),
    )
    self.assertEmpty(always.random_options)
    some = changed(saturation=(0.9, 1.1), cutout_probability=1.0)
    self.assertEqual(some.random_options, ['saturation', 'cutout_probability'])


class OptionsTest(parameterized.TestCase):
  @parameterized.parameters(
    ('crop', 'R2'),
    ('min_zoom', 0.0),
    ('min_zoom', 1.5),
    ('max_zoom', 1.5),
    ('aspect_jitter', -0.1),
    ('rotation_degrees', -5.0),
    ('rotation_probability', 1.2),
    ('flip_probability', -0.1),
    ('gamma', (0.0, 1.0)),
    ('gamma', 1.1),
    ('gamma_white', 0.0),
    ('brightness', (1.25, 0.75)),
    ('channel', (1.0,)),
    ('saturation', (-1.0, 1.0)),
    ('cutout_size', (0.5, 2.0)),
  )
  def test_refuses_and_names_the_field(self, name, value):
    with self.assertRaisesRegex(
      ValueError, f'Augmentation.{name} is .*allowed: .*gin'
    ):
      Augmentation(**{name: value})

  def test_refuses_a_smallest_zoom_above_the_largest(self):
    with self.assertRaisesRegex(ValueError, r'min_zoom is 0.5, .*_zoom = 0.4'):
      Augmentation(max_zoom=0.4)

  def test_lists_become_tuples(self):
    self.assertEqual(Augmentation(gamma=[1, 1]).gamma, (1.0, 1.0))

  def test_defaults_are_the_published_pipeline(self):
    options = Augmentation()
    self.assertEqual(
      (options.crop, options.rotation_degrees, options.rotation_probability),
      ('r2', 2.5, 0.5),
    )
    self.assertEqual(options.gamma, (0.9, 1.1))
    self.assertEqual(options.brightness, (0.75, 1.25))
    self.assertEqual(options.channel, (0.9, 1.1))


if __name__ == '__main__':
  absltest.main()
