# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-B1 encoder (Tan and Le, ICML 2019), cut from Keras' own.

Why not keras-cv's EfficientNetV1Backbone? It adds a swish after every
projection, which the paper leaves linear: a different network, with 23 LOGISTIC
and 23 MUL more. Keras' own is the published one and converts to six builtins
(its paddings and reshapes fold away). Two parts around the trunk are cut off:
the scaling to ImageNet's statistics and the classifier's wide 1x1 convolution.
"""

import keras

from depth_mai.layers import conv_norm

# Outputs of stages 2, 3, 5 and 7, where MiDaS taps an EfficientNet: 24, 40, 112
# and 320 channels at 1/4, 1/8, 1/16 and 1/32 of the size.
TAPS = ('block2c_add', 'block3c_add', 'block5d_add', 'block7b_add')

# The last block's rate in Keras, the paper's; earlier blocks have less.
_KERAS_DROP_CONNECT = 0.2


def encode_b1(
  x: keras.KerasTensor, norm: conv_norm.BatchNorm, drop_connect: float = 0.0
) -> list[keras.KerasTensor]:
  """Builds the trunk with random initial weights.

  Args:
    x: [B, H, W, 3], scaled to -1..1; H and W are multiples of 32.
    norm: the BatchNorm setting.
    drop_connect: rate at which training skips the last block; earlier blocks
      have lower rates, in proportion to their depth. The paper has 0.2.

  Returns:
    The outputs of the layers `TAPS`, four linear maps.
  """

  def configured(layer):
    config = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
      config.update(momentum=norm.momentum, epsilon=norm.epsilon)
    if isinstance(layer, keras.layers.Dropout):
      config['rate'] *= drop_connect / _KERAS_DROP_CONNECT
    return layer.__class__.from_config(config)

  library = keras.applications.EfficientNetB1(
    weights=None, include_top=False, input_shape=x.shape[1:]
  )
  trunk = keras.Model(
    library.get_layer('stem_conv_pad').input,
    [library.get_layer(name).output for name in TAPS],
    name='efficientnet_b1',
  )
  return keras.models.clone_model(trunk, clone_function=configured)(x)
