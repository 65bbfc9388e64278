# SPDX-License-Identifier: Apache-2.0
"""Bilinear resizing with aligned corners, as PyTorch's networks have it.

The corner pixels of both maps lie on each other; between them the steps are
even. Only networks with published weights that expect it use it; TFLite runs
half-pixel resizing (resize.py) on more devices.
"""

import keras
import tensorflow as tf

from depth_mai.layers import resize


@keras.saving.register_keras_serializable(package='depth_mai')
class AlignedResize(resize.FixedSize):
  """Resizes [B, H, W, C] to [B, height, width, C], bilinear, aligned corners.

  It is `interpolate(..., mode='bilinear', align_corners=True)` of PyTorch.
  """

  def call(self, inputs):
    """Resizes [B, H, W, C]."""
    resized = tf.raw_ops.ResizeBilinear(
      images=inputs, size=(self.height, self.width), align_corners=True
    )
    return keras.ops.cast(resized, inputs.dtype)  # The operator gives float32.
