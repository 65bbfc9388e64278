# SPDX-License-Identifier: Apache-2.0
"""Files that the libraries write, loaded into the encoders of our systems."""

import json
import os

from absl.testing import parameterized
import keras
import keras_cv
from keras_cv.src.utils import preset_utils
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.models import encoder_weights
from depth_mai.models import network_file
from depth_mai.models.encoders import efficientnet_lite
from depth_mai.models.encoders import mobilenet_v3
from tests.models import torch_file

_SIZE = (64, 96)
# System -> name of the weights, and our and the library's layer to compare.
_OF_KERAS = {
  'tcl': (
    'mobilenet_v3_small_minimalistic_imagenet',
    'block_8_add',
    'expanded_conv_7_add',
  ),
  'jmu_cvlab': (
    'mobilenet_v3_large_imagenet',
    'block_12_add',
    'expanded_conv_11_add',
  ),
}


def _randomise(model, seed=0):
  """Gives a network weights and statistics unlike the initial ones."""
  rng = np.random.default_rng(seed)
  for variable in model.weights:
    if variable.shape.rank < 2 and variable.name != 'count':
      variable.assign(rng.uniform(0.5, 1.5, variable.shape))


def _network(system, size=_SIZE):
  found = network_file.systems()[system]
  return found.build(found.options(input_size=size))


def _pictures(size=_SIZE):
  rng = np.random.default_rng(1)
  return np.float32(rng.uniform(0, 255, (2, *size, 3)))


def _lite(variant='lite0', taps=None):
  """Returns a network that is an encoder only."""
  rgb = keras.Input((*_SIZE, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 127.5, -1.0, name='normalise')(rgb)
  taps = taps or (len(efficientnet_lite.blocks(variant)),)
  return keras.Model(
    rgb, efficientnet_lite.encode(x, variant, taps, conv_norm.BatchNorm())
  )


def _as_torch(library, naming):
  """Returns a network's tensors with another project's names and layout."""
  parts = {
    'efficientnet_lite_pytorch': {
      'stem': ('_conv_stem', '_bn0'),
      'expand': ('_expand_conv', '_bn0'),
      'depthwise': ('_depthwise_conv', '_bn1'),
      'project': ('_project_conv', '_bn2'),
    },
    'timm': {
      'stem': ('conv_stem', 'bn1'),
      'expand': ('conv_pw', 'bn1'),
      'depthwise': ('conv_dw', 'bn2'),
      'project': ('conv_pwl', 'bn3'),
    },
  }[naming]
  # timm's first block has no expansion, and its norms have other numbers.
  first = {'depthwise': ('conv_dw', 'bn1'), 'project': ('conv_pw', 'bn2')}
  # The blocks of lite0 in timm's stages.
  stages = enumerate([1, 2, 2, 3, 3, 4, 1])
  places = [f'{stage}.{place}' for stage, n in stages for place in range(n)]
  roles = {
    'kernel': 'weight',
    'gamma': 'weight',
    'beta': 'bias',
    'moving_mean': 'running_mean',
    'moving_variance': 'running_var',
  }
  tensors = {'classifier.weight': np.zeros((10, 1280), np.float32)}
  for variable in library.weights:
    layer, role = variable.path.split('/')
    words = layer.split('_')
    prefix, part, names = '', words[0], parts
    if part == 'block':
      number, part = int(words[1]) - 1, words[2]
      prefix = f'_blocks.{number}.'
      if naming == 'timm':
        prefix = f'blocks.{places[number]}.'
        names = parts if number else first
    conv, norm = names[part]
    name = f'{prefix}{norm if words[-1] == "bn" else conv}.{roles[role]}'
    value = np.array(variable)
    if value.ndim == 4:
      axes = (2, 3, 0, 1) if part == 'depthwise' else (3, 2, 0, 1)
      value = value.transpose(axes)
    tensors[name] = np.ascontiguousarray(value)
  return tensors


class EncoderWeightsTest(tf.test.TestCase, parameterized.TestCase):
  def _assert_same_features(self, network, ours, library, theirs):
    expected = keras.Model(library.input, library.get_layer(theirs).output)(
      _pictures(), training=False
    )
    features = keras.Model(network.input, network.get_layer(ours).output)(
      _pictures(), training=False
    )
    scale = np.abs(expected).max()
    self.assertAllClose(features / scale, expected / scale, atol=1e-4)

  @parameterized.parameters(*_OF_KERAS)
  def test_keras_applications(self, system):
    name, ours, theirs = _OF_KERAS[system]
    builder, options = encoder_weights.KERAS[name]
    library = getattr(keras.applications, builder)(
      input_shape=(*_SIZE, 3), include_top=False, weights=None, **options
    )
    _randomise(library)
    path = os.path.join(self.create_tempdir(), 'published.weights.h5')
    library.save_weights(path)
    network = _network(system)
    loaded = encoder_weights.load(network, f'keras:{name}:{path}')
    self._assert_same_features(network, ours, library, theirs)
    for tensor in loaded.left_over:
      self.assertNotIn(tensor, loaded.assigned.values())
    self.assertNotEmpty(loaded.left_over)
    self.assertIn('loaded into the encoder; not used: ', str(loaded))

  def test_efficientnet_b1_of_keras_applications(self):
    library = keras.applications.EfficientNetB1(
      input_shape=(*_SIZE, 3), include_top=False, weights=None
    )
    _randomise(library)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    normalise, pad = (
      next(x for x in library.layers if isinstance(x, kind))
      for kind in (keras.layers.Normalization, keras.layers.ZeroPadding2D)
    )
    normalise.set_weights([np.float32(mean), np.float32(std), np.int64(0)])
    path = os.path.join(self.create_tempdir(), 'published.weights.h5')
    library.save_weights(path)
    network = _network('smartlab')
    encoder_weights.load(network, f'keras:efficientnet_b1_imagenet:{path}')
    # As Keras documents it, and as it builds the network for 'imagenet'.
    trunk = keras.Model(
      pad.input,
      library.get_layer('block7b_add').output,
    )
    expected = trunk((_pictures() / 255 - mean) / std, training=False)
    tap = network.get_layer('lateral_4').input
    features = keras.Model(network.input, tap)(_pictures(), training=False)
    scale = np.abs(expected).max()
    self.assertAllClose(features / scale, expected / scale, atol=1e-4)

  def test_keras_cv_preset(self):
    blocks = mobilenet_v3.LARGE.blocks
    inputs = [16, *(block.filters for block in blocks)]
    library = keras_cv.models.MobileNetV3Backbone(
      stackwise_expansion=[
        block.expanded / channels
        for block, channels in zip(blocks, inputs, strict=False)
      ],
      stackwise_filters=[block.filters for block in blocks],
      stackwise_kernel_size=[block.kernel_size for block in blocks],
      stackwise_stride=[block.stride for block in blocks],
      stackwise_se_ratio=[
        0.25 if block.use_squeeze_excite else None for block in blocks
      ],
      stackwise_activation=[block.activation for block in blocks],
      include_rescaling=True,
    )
    _randomise(library)
    folder = os.path.join(self.create_tempdir(), 'preset')
    preset_utils.save_to_preset(library, folder)
    network = _network('jmu_cvlab')
    encoder_weights.load(network, f'keras_cv:{folder}')
    normalise = network.get_layer('normalise')
    self.assertAllClose(normalise.scale, 1 / 255)
    self.assertAllClose(normalise.offset, 0.0)
    self._assert_same_features(
      network, 'block_12_add', library, 'expanded_conv_11_Add'
    )

  def test_keras_file(self):
    library = _lite()
    _randomise(library)
    path = os.path.join(self.create_tempdir(), 'other.keras')
    library.save(path)
    network = _lite(taps=(5,))
    loaded = encoder_weights.load(network, path)
    self._assert_same_features(network, 'block_5_add', library, 'block_5_add')
    self.assertLen(loaded.assigned, len(network.weights))
    self.assertLen(
      loaded.left_over, len(library.weights) - len(network.weights)
    )

  @parameterized.product(
    naming=('efficientnet_lite_pytorch', 'timm'),
    suffix=('.npz', '.safetensors', '.pth'),
  )
  def test_named_tensors(self, naming, suffix):
    """Both projects' names, in their layout, in files of three kinds."""
    library = _lite()
    _randomise(library)
    tensors = _as_torch(library, naming)
    path = os.path.join(self.create_tempdir(), f'weights{suffix}')
    if suffix == '.npz':
      np.savez(path, **tensors)
    elif suffix == '.safetensors':
      try:
        from safetensors import numpy as safetensors_numpy
      except ImportError:
        self.skipTest('safetensors is not installed.')
      safetensors_numpy.save_file(tensors, path)
    else:
      torch_file.write(path, tensors)
    network = _lite(taps=(5,))
    loaded = encoder_weights.load(network, path)
    self._assert_same_features(network, 'block_5_add', library, 'block_5_add')
    self.assertNotEmpty(loaded.left_over)

  def test_map_of_names_and_its_normalisation(self):
    library = _lite()
    _randomise(library)
    tensors = {
      f'{v.path}'.replace('/', ':'): np.array(v) for v in library.weights
    }
    folder = self.create_tempdir()
    path = os.path.join(folder, 'weights.npz')
    np.savez(path, **tensors)
    names = os.path.join(folder, 'names.json')
    content = {
      'normalisation': {'mean': [0.4, 0.5, 0.6], 'std': [0.2, 0.25, 0.3]},
      'names': {v.path: v.path.replace('/', ':') for v in library.weights},
    }
    with open(names, 'w') as stream:
      json.dump(content, stream)
    network = _lite(taps=(5,))
    with self.assertRaisesRegex(ValueError, 'unknown way.*encoder_names'):
      encoder_weights.load(network, path)
    encoder_weights.load(network, path, names)
    scaled = network.get_layer('normalise')(np.float32([[[[51, 102, 255]]]]))
    self.assertAllClose(
      scaled, [[[[(0.2 - 0.4) / 0.2, (0.4 - 0.5) / 0.25, (1 - 0.6) / 0.3]]]]
    )
    restored = os.path.join(folder, 'restored.keras')
    network.save(restored)
    self.assertAllClose(
      keras.models.load_model(restored)(_pictures()), network(_pictures())
    )

  def test_refuses_weights_that_are_not_finite(self):
    library = _lite()
    library.get_layer('block_2_expand_bn').gamma.assign([np.nan] * 96)
    path = os.path.join(self.create_tempdir(), 'other.keras')
    library.save(path)
    with self.assertRaisesRegex(ValueError, 'other.keras.*block_2_expand_bn'):
      encoder_weights.load(_lite(taps=(5,)), path)

  def test_refuses_another_network(self):
    path = os.path.join(self.create_tempdir(), 'other.keras')
    _lite('lite2').save(path)
    with self.assertRaisesRegex(
      ValueError, r'another network.*: block_4_depthwise/kernel \[5, 5, 144'
    ):
      encoder_weights.load(_lite('lite0', taps=(9,)), path)
    _lite('lite0', taps=(3,)).save(path)
    with self.assertRaisesRegex(ValueError, 'lacks .* block_4_expand/kernel'):
      encoder_weights.load(_lite('lite0'), path)
    with self.assertRaisesRegex(ValueError, 'choose one of mobilenet'):
      encoder_weights.load(_network('tcl'), 'keras:resnet')
    with self.assertRaisesRegex(
      ValueError, 'train.initial_encoder: There is no file of weights nowhere'
    ):
      encoder_weights.load(_lite(), 'nowhere.pth')
    with self.assertRaisesRegex(ValueError, 'no layer.*published weights'):
      encoder_weights.load(
        keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1)]),
        path,
      )


if __name__ == '__main__':
  tf.test.main()
