# SPDX-License-Identifier: Apache-2.0
"""The losses by name, and the resolution that each is meant for."""

from depth_mai.losses import gradient
from depth_mai.losses import regression
from depth_mai.losses import robust
from depth_mai.losses import si_rmse
from depth_mai.losses import silog

# Name -> function (pred_depth_m, depth_m, valid_mask) -> float32 scalar.
LOSSES = {
  'silog': silog.silog,
  'gradient': gradient.gradient,
  'robust': robust.robust,
  'l1': regression.l1,
  'l2': regression.l2,
  'log_l1': regression.log_l1,
  'log_l2': regression.log_l2,
  'si_rmse': si_rmse.si_rmse,
}

# Where a loss is computed: at the target's size on the upsampled prediction, or
# at the prediction's size on the downsampled target. The gradient of an
# upsampled map says more about the interpolation than about the network.
RESOLUTIONS = ('target', 'prediction')
LOSS_RESOLUTIONS = {
  name: 'prediction' if name == 'gradient' else 'target' for name in LOSSES
}
