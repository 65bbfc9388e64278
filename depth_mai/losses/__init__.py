# SPDX-License-Identifier: Apache-2.0
"""Losses on depth maps: (pred_depth_m, depth_m, valid_mask) -> scalar."""
