# SPDX-License-Identifier: Apache-2.0
"""A tiny student and a tiny teacher."""

import keras


def student(size: tuple[int, int] = (16, 24)) -> keras.Model:
  """Builds a network with BatchNorm, of 1/4 of the input's size.

  Layers: 'stem' [B, h/2, w/2, 4], 'mix' and 'mix_bn' [B, h/4, w/4, 6].
  """
  rgb = keras.Input((*size, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 255)(rgb)
  x = keras.layers.Conv2D(4, 3, 2, 'same', name='stem')(x)
  x = keras.layers.ReLU()(x)
  x = keras.layers.Conv2D(6, 3, 2, 'same', name='mix')(x)
  x = keras.layers.BatchNormalization(momentum=0.9, name='mix_bn')(x)
  x = keras.layers.ReLU()(x)
  x = keras.layers.Conv2D(1, 1, bias_initializer='ones', name='head')(x)
  x = keras.layers.Activation('softplus', name='depth_m')(x)
  return keras.Model(rgb, x, name='toy_student')


def teacher(
  size: tuple[int, int] = (32, 48), names: tuple[str, ...] = ('up_1', 'up_2')
) -> keras.Model:
  """Builds a network with BatchNorm and dropout, of 1/2 of the input's size.

  Args:
    size: height and width of the input.
    names: names of layers of 1/2, 1/4, ... of the size, all of 8 channels.
  """
  rgb = keras.Input((*size, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 255)(rgb)
  finest = None
  for name in names:
    x = keras.layers.Conv2D(8, 3, 2, 'same')(x)
    x = keras.layers.BatchNormalization(name=name)(x)
    x = keras.layers.Dropout(0.5)(x)
    finest = x if finest is None else finest
    x = keras.layers.ReLU()(x)
  coarse = keras.layers.Conv2D(1, 1)(
    keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
  )
  x = keras.layers.Add()([keras.layers.Conv2D(1, 1)(finest), coarse])
  x = keras.layers.Activation('softplus', name='depth_m')(x)
  return keras.Model(rgb, x, name='toy_teacher')
