# SPDX-License-Identifier: Apache-2.0
"""Tests of the texture bank: tiling, mip levels and colour ramps."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.procedural_rooms import materials
from depth_mai.datasets.procedural_rooms import patterns
from depth_mai.datasets.procedural_rooms import textures


class TexturesTest(parameterized.TestCase):
  def test_sample_repeats_at_whole_numbers(self):
    bank = textures.bank()
    rng = np.random.default_rng(0)
    u, v = rng.integers(0, 512, (2, 50)).astype(np.float32) / 512 + 1 / 1024
    texture = np.full(50, bank.variants['bricks'][0], np.int32)
    here = bank.sample(texture, u, v, np.float32(0))
    there = bank.sample(texture, u - 3, v + 7, np.float32(0))
    np.testing.assert_array_equal(here, there)
    self.assertGreater(len(set(here.tolist())), 5)

  @parameterized.parameters(1, 2, 4, 8, 32)
  def test_mip_level_is_the_mean_of_its_texels(self, size):
    bank = textures.bank()
    texture = bank.variants['wood'][1]
    fine = bank.tile(texture, 0.0).astype(np.float64)
    # 0.7 times the footprint, in texels, lies below the level's texel.
    coarse = bank.tile(texture, size / 512 / 0.7 * 0.99)
    side = 512 // size
    self.assertEqual(coarse.shape, (side, side))
    mean = fine.reshape(side, size, side, size).mean(axis=(1, 3))
    np.testing.assert_allclose(coarse, mean, atol=1.01)
    # `sample` agrees with `tile`.
    u = v = np.float32([0.37])
    value = bank.sample(
      np.int32([texture]), u, v, np.float32([size / 512 / 0.7 * 0.99])
    )
    self.assertEqual(
      value[0], coarse[int(0.37 * 512) // size, int(0.37 * 512) // size]
    )

  @parameterized.parameters('plaster', 'wood', 'foliage', 'bricks', 'marble')
  def test_patterns_tile(self, name):
    # Neighbours across the border differ no more than other neighbours.
    values = patterns.PATTERNS[name](np.random.default_rng(0))
    step = np.abs(np.diff(values, axis=0)).mean(axis=1)
    self.assertLessEqual(np.abs(values[0] - values[-1]).mean(), 2 * step.max())

  def test_patterns_vary(self):
    bank = textures.bank()
    for name, variants in bank.variants.items():
      for texture in variants:
        self.assertGreater(bank.tile(texture, 0.0).std(), 3, name)

  def test_ramp_has_the_colours_of_its_stops(self):
    colours = materials.ramp((0, (0, 0, 0)), (1, (1.0, 0.5, 0.0)))
    np.testing.assert_allclose(colours[[0, 255]], [[0, 0, 0], [1, 0.5, 0]])
    # sRGB 188 is linear 0.5029 (IEC 61966-2-1).
    np.testing.assert_allclose(
      materials.hsv(0, 0, 188 / 255), [0.5029] * 3, atol=1e-4
    )

  def test_unknown_pattern_is_refused(self):
    with self.assertRaisesRegex(ValueError, "'granite'.*asphalt"):
      materials.Materials(np.random.default_rng(0)).add('granite', None)


if __name__ == '__main__':
  absltest.main()
