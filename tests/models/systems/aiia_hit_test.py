# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/aiia_hit.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models.systems import aiia_hit
from tests.models.systems import system_case


class AiiaHitTest(system_case.SystemCase, parameterized.TestCase):
  @parameterized.parameters(False, True)
  def test_maps_rgb_to_metres(self, decoder_batch_norm):
    options = aiia_hit.AiiaHitOptions(
      input_size=(64, 96),
      decoder_batch_norm=decoder_batch_norm,
      initial_depth_m=3.0,
      min_depth_m=0.2,
    )
    network = aiia_hit.aiia_hit(options)
    self.assertEqual(network.name, 'aiia_hit')
    self.assertEqual(network.output_shape, (None, 16, 24, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(aiia_hit.aiia_hit, aiia_hit.AiiaHitOptions)

  def test_stage_table(self):
    network = aiia_hit.aiia_hit()
    self.assert_stage_table(
      network,
      {
        'stem_act': (64, 80, 16),
        'block_1_project_bn': (32, 40, 16),
        'block_3_add': (16, 20, 24),
        'block_6_add': (8, 10, 40),
        'block_8_add': (8, 10, 48),
        'block_11_add': (4, 5, 96),
        'dec_1_act': (4, 5, 72),
        'dec_2_concat': (8, 10, 120),
        'dec_2_act': (8, 10, 24),
        'dec_3_concat': (16, 20, 48),
        'dec_3_act': (16, 20, 8),
        'dec_4_concat': (32, 40, 24),
        'dec_4_act': (32, 40, 24),
        'depth_m': (32, 40, 1),
      },
    )

  @parameterized.parameters(False, True)
  def test_has_the_parameters_of_the_authors_network(self, decoder_batch_norm):
    """Counted from their code; BatchNorm folds away."""
    network = aiia_hit.aiia_hit(
      aiia_hit.AiiaHitOptions(decoder_batch_norm=decoder_batch_norm)
    )
    self.assertEqual(system_case.folded_parameters(network), 382473)

  def test_one_3x3_and_four_1x1_convolutions(self):
    """As the paper states; the authors' code has no BatchNorm in them."""
    network = aiia_hit.aiia_hit()
    decoder = ['dec_1', 'dec_2', 'dec_3', 'dec_4', 'head']
    self.assert_convolutions_with_bias(network, decoder)
    sizes = [network.get_layer(name).kernel.shape[0] for name in decoder]
    self.assertEqual(sizes, [1, 1, 1, 3, 1])
    network = aiia_hit.aiia_hit(
      aiia_hit.AiiaHitOptions(decoder_batch_norm=True)
    )
    self.assert_convolutions_with_bias(network, ['head'])

  def test_the_decoder_starts_xavier_uniform(self):
    keras.utils.set_random_seed(0)
    network = aiia_hit.aiia_hit()
    for name, fans in (('dec_1', 96 + 72), ('dec_4', 9 * (24 + 24))):
      layer = network.get_layer(name)
      limit = np.sqrt(6 / fans)
      kernel = layer.kernel.numpy()
      self.assertAllInRange(kernel, -limit, limit)
      self.assertAllClose(kernel.std(), limit / np.sqrt(3), rtol=0.05)
      self.assertAllEqual(layer.bias, np.zeros(layer.filters))

  def test_file_size(self):
    """1.53 MB in the authors' conversion, 1.5 in Table 1."""
    self.assert_file_size_mb(aiia_hit.aiia_hit(), 'fp32', 1.53, 0.01)

  @parameterized.parameters(False, True)
  def test_every_weight_learns(self, decoder_batch_norm):
    keras.utils.set_random_seed(1)
    options = aiia_hit.AiiaHitOptions(
      input_size=(64, 96), decoder_batch_norm=decoder_batch_norm
    )
    self.assert_every_weight_learns(aiia_hit.aiia_hit(options))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(aiia_hit.aiia_hit())

  def test_saves_and_loads(self):
    network = aiia_hit.aiia_hit()
    path = f'{self.get_temp_dir()}/network.keras'
    network.save(path)
    loaded = keras.models.load_model(path, compile=False)
    rgb = tf.random.uniform((1, 128, 160, 3), 0, 255)
    self.assertAllEqual(
      network(rgb, training=False), loaded(rgb, training=False)
    )

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'AiiaHitOptions.*multiples of 32'):
      aiia_hit.AiiaHitOptions(input_size=(112, 160))


if __name__ == '__main__':
  tf.test.main()
