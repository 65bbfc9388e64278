# SPDX-License-Identifier: Apache-2.0
"""Facts of the Mobile AI & AIM 2022 challenge: size, units, metrics, runtime.

Source: section 2 of the paper and the organisers' scoring scripts.
"""

# (height, width) of every picture and depth map, pixels.
IMAGE_SIZE = (480, 640)

# Depth is in millimetres on disk and in the metrics, and in metres in training.
MM_PER_UNIT = {'mm': 1.0, 'm': 1000.0}
MM_PER_M = MM_PER_UNIT['m']

# Depth maps are 16-bit PNG files in millimetres. 0 means "unknown", so a
# prediction lies between these bounds.
MIN_DEPTH_MM = 1
MAX_DEPTH_MM = 65535

# The error metrics in the order of Table 1. rmse is in metres, the others have
# no unit.
METRICS = ('si_rmse', 'rmse', 'log10', 'rel')

# The TensorFlow Lite release on the organisers' Raspberry Pi 4.
RUNTIME = '2.5.0'
