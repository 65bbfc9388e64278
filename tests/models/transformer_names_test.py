# SPDX-License-Identifier: Apache-2.0
"""Names by hand; the tests of the teachers load whole networks by them."""

from absl.testing import absltest

from depth_mai.models import encoder_namings
from depth_mai.models import normalisation
from depth_mai.models import transformer_names
from tests.models import transformer_twin


class TransformerNamesTest(absltest.TestCase):
  def test_swin_of_its_authors(self):
    names = transformer_twin.swin_shapes(8, (2, 1, 2), (1, 2, 4), 3)
    theirs = transformer_names.swin(names)
    self.assertCountEqual(theirs.values(), names)
    for ours, name in (
      ('stem_norm/beta', 'patch_embed.norm.bias'),
      ('block_2_reduce/kernel', 'layers.0.downsample.reduction.weight'),
      ('block_3_merge_norm/gamma', 'layers.1.downsample.norm.weight'),
      ('block_4_fc1/kernel', 'layers.2.blocks.0.mlp.fc1.weight'),
      (
        'block_5_attention/relative_position_bias',
        'layers.2.blocks.1.attn.relative_position_bias_table',
      ),
    ):
      self.assertEqual(theirs[ours], name)

  def test_swin_of_timm(self):
    names = transformer_twin.swin_shapes(8, (2, 1), (1, 2), 3, timm=True)
    theirs = transformer_names.swin(names)
    self.assertCountEqual(theirs.values(), names)
    self.assertEqual(
      theirs['block_2_reduce/kernel'], 'layers.1.downsample.reduction.weight'
    )

  def test_vision_transformer_in_a_folder(self):
    names = transformer_twin.vit_shapes(8, 12, 4, 'module.')
    theirs = transformer_names.vision_transformer(names)
    self.assertCountEqual(theirs.values(), names)
    self.assertEqual(
      theirs['block_12_qkv/bias'], 'module.blocks.11.attn.qkv.bias'
    )
    self.assertEqual(theirs['stem_tokens/positions'], 'module.pos_embed')

  def test_dpt(self):
    names = transformer_twin.vit_shapes(8, 2, 4, 'model.pretrained.model.')
    names |= {
      f'model.{name}': shape
      for name, shape in transformer_twin.dpt_decoder_shapes(
        8, (4, 4, 4, 4), 4
      ).items()
    }
    theirs = transformer_names.vision_transformer(names)
    unused = [
      name
      for name in names
      if '4.resConfUnit1' in name or 'output_conv.4' in name
    ]
    self.assertCountEqual(theirs.values(), names.keys() - unused)
    for ours, name in (
      ('reassemble_1_resize/kernel', 'pretrained.act_postprocess1.4.weight'),
      ('lateral_3/kernel', 'scratch.layer3_rn.weight'),
      ('ffm_2_skip_1/bias', 'scratch.refinenet2.resConfUnit1.conv1.bias'),
      ('ffm_4_unit_2/kernel', 'scratch.refinenet4.resConfUnit2.conv2.weight'),
      ('head_2/kernel', 'scratch.output_conv.2.weight'),
    ):
      self.assertEqual(theirs[ours], f'model.{name}')

  def test_normalisation_belongs_to_the_weights(self):
    swin = transformer_twin.swin_shapes(8, (1,), (1,), 3)
    vit = transformer_twin.vit_shapes(8, 1, 4)
    for names, expected in (
      (swin, normalisation.IMAGENET),
      (vit, normalisation.PLUS_MINUS_ONE),
    ):
      naming = encoder_namings.find_naming(names, 'file')
      self.assertEqual(naming.normalisation, expected)

  def test_other_networks(self):
    for names in (['conv_stem.weight'], ['patch_embed.proj.weight'], []):
      self.assertIsNone(transformer_names.swin(names))
      self.assertIsNone(transformer_names.vision_transformer(names))


if __name__ == '__main__':
  absltest.main()
