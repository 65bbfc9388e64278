# SPDX-License-Identifier: Apache-2.0
"""EfficientNet encoders (Tan and Le, ICML 2019), cut from Keras' own.

Why not keras-cv's EfficientNetV1Backbone? It adds a swish after every
projection, which the paper leaves linear: a different network, with 23 LOGISTIC
and 23 MUL more in B1. Keras' own is the published one and converts to six
builtins (its paddings and reshapes fold away). Two parts around the trunk are
cut off: the scaling to ImageNet's statistics and the classifier's wide 1x1
convolution.
"""

import math
import string

import keras

from depth_mai.layers import conv_norm

# Variant -> the factor of the number of blocks; the channels grow as well.
VARIANTS = {
  'b0': 1.0,
  'b1': 1.1,
  'b2': 1.2,
  'b3': 1.4,
  'b4': 1.8,
  'b5': 2.2,
  'b6': 2.6,
  'b7': 3.1,
}
# Stages whose outputs MiDaS taps, at 1/4, 1/8, 1/16 and 1/32 of the size, and
# the blocks that each has in B0. The channels are 24, 40, 112 and 320 in B0 and
# B1, 40, 64, 176 and 512 in B5, and 48, 80, 224 and 640 in B7.
_TAPPED_STAGES = {2: 2, 3: 2, 5: 3, 7: 1}

# The last block's rate in Keras, the paper's; earlier blocks have less.
_KERAS_DROP_CONNECT = 0.2


def trunk_name(variant: str) -> str:
  """Returns the name of the model that `encode` puts into a network."""
  return f'efficientnet_{variant}'


def tap_names(variant: str) -> list[str]:
  """Returns the layers of Keras' network whose outputs are tapped.

  Args:
    variant: one of VARIANTS.

  Raises:
    ValueError: if there is no such variant.
  """
  if variant not in VARIANTS:
    raise ValueError(
      f'EfficientNet has no variant {variant!r}; choose one of '
      f'{", ".join(VARIANTS)}.'
    )
  names = []
  for stage, blocks in _TAPPED_STAGES.items():
    last = math.ceil(blocks * VARIANTS[variant]) - 1
    # The first block of a stage has no shortcut to add.
    end = 'add' if last else 'project_bn'
    names.append(f'block{stage}{string.ascii_lowercase[last]}_{end}')
  return names


def encode(
  x: keras.KerasTensor,
  variant: str,
  norm: conv_norm.BatchNorm,
  drop_connect: float = 0.0,
) -> list[keras.KerasTensor]:
  """Builds the trunk of a variant with random initial weights.

  Args:
    x: [B, H, W, 3], scaled to -1..1; H and W are multiples of 32.
    variant: one of VARIANTS.
    norm: the BatchNorm setting.
    drop_connect: rate at which training skips the last block; earlier blocks
      have lower rates, in proportion to their depth. The paper has 0.2.

  Returns:
    The four tapped outputs, linear maps, finest first.

  Raises:
    ValueError: if there is no such variant.
  """

  def configured(layer):
    config = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
      config.update(momentum=norm.momentum, epsilon=norm.epsilon)
    if isinstance(layer, keras.layers.Dropout):
      config['rate'] *= drop_connect / _KERAS_DROP_CONNECT
    return layer.__class__.from_config(config)

  names = tap_names(variant)
  build = getattr(keras.applications, f'EfficientNet{variant.upper()}')
  library = build(weights=None, include_top=False, input_shape=x.shape[1:])
  trunk = keras.Model(
    library.get_layer('stem_conv_pad').input,
    [library.get_layer(name).output for name in names],
    name=trunk_name(variant),
  )
  return keras.models.clone_model(trunk, clone_function=configured)(x)
