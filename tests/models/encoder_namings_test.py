# SPDX-License-Identifier: Apache-2.0
"""Names by hand; encoder_weights_test.py loads whole networks by them."""

import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.models import encoder_namings


class EncoderNamingsTest(parameterized.TestCase):
  def test_blocks_are_counted_in_natural_order(self):
    names = ['conv_stem.weight', 'blocks.0.0.conv_dw.weight']
    names += [f'blocks.{stage}.0.conv_pwl.weight' for stage in range(1, 12)]
    naming = encoder_namings.find_naming(names, 'file')
    self.assertEqual(naming.source, 'timm')
    for ours, theirs in (
      ('stem/kernel', 'conv_stem.weight'),
      ('stem_bn/moving_mean', 'bn1.running_mean'),
      ('block_1_depthwise_bn/gamma', 'blocks.0.0.bn1.weight'),
      ('block_1_project/kernel', 'blocks.0.0.conv_pw.weight'),
      ('block_3_expand_bn/beta', 'blocks.2.0.bn1.bias'),
      ('block_11_project_bn/moving_variance', 'blocks.10.0.bn3.running_var'),
      ('block_11_se_in/bias', 'blocks.10.0.se.conv_reduce.bias'),
    ):
      self.assertEqual(naming.theirs[ours], theirs)

  @parameterized.parameters(
    (None, 'No such file'),
    ('not JSON', 'not a map of names'),
    ('[]', 'not a map of names'),
    ({'names': {}}, "KeyError.'normalisation'"),
    (
      {'names': {}, 'normalisation': {'mean': [0, 0], 'std': [1, 1]}},
      'three numbers',
    ),
    (
      {'names': {}, 'normalisation': {'mean': [0] * 3, 'std': [1, 0, 1]}},
      'std positive',
    ),
  )
  def test_a_map_must_have_its_form(self, content, message):
    path = pathlib.Path(self.create_tempdir(), 'names.json')
    if content is not None:
      text = content if isinstance(content, str) else json.dumps(content)
      path.write_text(text)
    with self.assertRaisesRegex(ValueError, f'names.json.*{message}'):
      encoder_namings.read_naming(path)


if __name__ == '__main__':
  absltest.main()
