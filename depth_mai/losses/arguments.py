# SPDX-License-Identifier: Apache-2.0
"""The three arguments that every loss takes: checked, float32, free of NaN.

Sensors write 0, infinity or anything else where they see nothing, and under
mixed precision the prediction comes in half precision. Every loss passes its
arguments through here first, so that nothing at an invalid pixel can reach a
logarithm or a gradient.
"""

import tensorflow as tf

# Put into both maps where the mask is off: residuals there are exactly zero,
# in metres as in logarithms.
_FILL_M = 1.0


def loss_arguments(pred_depth_m, depth_m, valid_mask):
  """Casts, checks and cleans the arguments of a loss.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres, any float type.
    depth_m: target depth [B, H, W, 1], metres; any value, NaN included, where
      the mask is off.
    valid_mask: [B, H, W, 1], bool or a number that is above 0.5 where the
      target is known.

  Returns:
    (pred_depth_m, depth_m, valid): two float32 maps, both 1 m where the mask is
    off, and the bool mask. The prediction gets no gradient where the mask is
    off.

  Raises:
    ValueError: if the shapes are not the same [B, H, W, 1].
  """
  pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  depth_m = tf.cast(depth_m, tf.float32)
  valid = as_bool(valid_mask)
  check_maps(pred_depth_m=pred_depth_m, depth_m=depth_m, valid_mask=valid)
  fill = tf.constant(_FILL_M, tf.float32)
  return (
    tf.where(valid, pred_depth_m, fill),
    tf.where(valid, depth_m, fill),
    valid,
  )


def as_bool(valid_mask):
  """Returns a mask of any type as bool: on where it is above 0.5."""
  valid_mask = tf.convert_to_tensor(valid_mask)
  if valid_mask.dtype == tf.bool:
    return valid_mask
  return tf.cast(valid_mask, tf.float32) > 0.5


def check_maps(**maps):
  """Raises a ValueError unless all maps share one shape [B, H, W, 1].

  Sizes that are unknown while a graph is traced agree with any size.
  """
  shapes = {name: depth_map.shape for name, depth_map in maps.items()}
  common = tf.TensorShape([None, None, None, 1])
  for name, shape in shapes.items():
    if not common.is_compatible_with(shape):
      given = ', '.join(f'{n} {list(s)}' for n, s in shapes.items())
      raise ValueError(
        f'A loss was given maps of shapes {given}; all must have one shape '
        f'[B, H, W, 1], and {name} does not fit. '
        'depth_mai/losses/resolution.py brings maps to one size.'
      )
    common = common.merge_with(shape)
