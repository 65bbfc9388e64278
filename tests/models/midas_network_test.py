# SPDX-License-Identifier: Apache-2.0
"""Tests of midas_network.py; those of its two networks cover more."""

from absl.testing import parameterized
import tensorflow as tf

from depth_mai.models import midas_network


class MidasNetworkTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(True, False)
  def test_decoder(self, batch_norm):
    options = midas_network.MidasOptions(
      input_size=(32, 64), decoder_channels=6, decoder_batch_norm=batch_norm
    )
    network = midas_network.build(options, 'b0', 'toy')
    self.assertEqual(network.name, 'toy')
    self.assertEqual(network.output_shape, (None, 16, 32, 1))
    lateral = network.get_layer('lateral_1')
    # EfficientNet-B0's stage 2 has 24 channels.
    self.assertEqual(lateral.kernel.shape, (3, 3, 24, 6))
    self.assertEqual(lateral.use_bias, not batch_norm)

  @parameterized.parameters(
    ({'decoder_channels': 5}, r'MidasOptions\.decoder_channels=5 must be even'),
    ({'decoder_channels': 0}, r'MidasOptions\.decoder_channels=0 must be even'),
    ({'drop_connect': 1.0}, r'MidasOptions\.drop_connect=1\.0 must be in'),
  )
  def test_refuses(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      midas_network.MidasOptions(**options)


if __name__ == '__main__':
  tf.test.main()
