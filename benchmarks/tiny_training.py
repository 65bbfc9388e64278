# SPDX-License-Identifier: Apache-2.0
"""Trains a network of few layers: depth_mai.train, for trials of the training.

    python -m benchmarks.tiny_training --gin_file=FILE --data_dir=DIR ...

With `train.network = @tiny` in the gin file, a start takes seconds. All flags
are those of depth_mai.train.
"""

import dataclasses
import runpy

import keras

from depth_mai.layers import depth_head
from depth_mai.models import system_base


@dataclasses.dataclass(frozen=True)
class TinyOptions(system_base.Options):
  """Options of the network, as other systems have them."""

  input_size: tuple[int, int] = (32, 32)


@system_base.register(options=TinyOptions, output_upsampling='bilinear')
def tiny(options: TinyOptions | None = None) -> keras.Model:
  """Returns a network [B, h, w, 3] -> [B, h/2, w/2, 1], metres.

  It has what a resumed training could lose: statistics of BatchNorm, and the
  random numbers of dropout.
  """
  options = options or TinyOptions()
  rgb, features = system_base.rgb_input(options)
  features = keras.layers.Conv2D(8, 3, 2, 'same', use_bias=False)(features)
  features = keras.layers.BatchNormalization(name='stem_bn')(features)
  features = keras.layers.Dropout(0.1)(keras.layers.ReLU()(features))
  depth_m = depth_head.depth_head(features, kernel_size=3, options=options)
  return keras.Model(rgb, depth_m, name='tiny')


if __name__ == '__main__':
  runpy.run_module('depth_mai.train', run_name='__main__', alter_sys=True)
