# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/baselines.py."""

import numpy as np
import tensorflow as tf

from benchmarks import baselines


class BaselinesTest(tf.test.TestCase):
  def test_constant_and_mean_map(self):
    random = np.random.default_rng(1)
    maps_mm = random.integers(500, 5000, (5, 6, 8), dtype=np.uint16)
    maps_mm[random.uniform(size=maps_mm.shape) < 0.3] = 0
    maps_mm[:, 0, 0] = 0  # No map knows this pixel.
    median_mm, mean_mm = baselines.constant_and_mean_map(maps_mm)
    known = np.sort(maps_mm[maps_mm > 0])
    self.assertIn(median_mm, known[[len(known) // 2 - 1, len(known) // 2]])
    logs = np.ma.log(np.ma.masked_equal(maps_mm, 0).astype(np.float64))
    expected_mm = np.ma.exp(logs.mean(axis=0)).filled(median_mm)
    self.assertAllClose(mean_mm, expected_mm)

  def test_unet_predicts_metres_at_half_its_input(self):
    network = baselines.unet()
    rgb = np.random.default_rng(1).uniform(0, 255, (2, 128, 160, 3))
    depth_m = network(rgb, training=False)
    self.assertEqual(depth_m.shape, (2, 64, 80, 1))
    self.assertAllGreater(depth_m, 0.0)

  def test_silog_leaves_out_unknown_depth(self):
    depth_m = np.array([[1.0, 2.0, 0.0, 4.0]], np.float32)
    pred_m = np.array([[2.0, 2.0, 9.0, 3.0]], np.float32)
    residual = np.log(pred_m / np.where(depth_m > 0, depth_m, pred_m))
    residual = residual[depth_m > 0]
    expected = np.sqrt(np.mean(residual**2) - 0.85 * np.mean(residual) ** 2)
    self.assertAllClose(baselines.silog(depth_m, pred_m), expected, rtol=1e-4)


if __name__ == '__main__':
  tf.test.main()
