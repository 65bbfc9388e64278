# SPDX-License-Identifier: Apache-2.0
"""The losses by name, and the resolution that each is meant for."""

from depth_mai.losses import gradient
from depth_mai.losses import gradient_matching
from depth_mai.losses import regression
from depth_mai.losses import robust
from depth_mai.losses import scale_invariant
from depth_mai.losses import si_rmse
from depth_mai.losses import silog
from depth_mai.losses import ssim
from depth_mai.losses import virtual_normal

# Name -> function (pred_depth_m, depth_m, valid_mask) -> float32 scalar.
LOSSES = {
  'silog': silog.silog,
  'gradient': gradient.gradient,
  'gradient_matching': gradient_matching.gradient_matching,
  'virtual_normal': virtual_normal.virtual_normal,
  'robust': robust.robust,
  'l1': regression.l1,
  'l2': regression.l2,
  'log_l1': regression.log_l1,
  'log_l2': regression.log_l2,
  'si_rmse': si_rmse.si_rmse,
  'scale_invariant': scale_invariant.scale_invariant,
  'ssim': ssim.ssim,
}

# Where a loss is computed: at the target's size on the upsampled prediction, or
# at the prediction's size on the downsampled target. The gradient of an
# upsampled map says more about the interpolation than about the network.
RESOLUTIONS = ('target', 'prediction')
_AT_PREDICTION = ('gradient', 'gradient_matching', 'ssim', 'virtual_normal')
LOSS_RESOLUTIONS = {
  name: 'prediction' if name in _AT_PREDICTION else 'target' for name in LOSSES
}
