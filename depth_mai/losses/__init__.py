# SPDX-License-Identifier: Apache-2.0
"""Losses on depth maps: (pred_depth_m, depth_m, valid_mask) -> scalar.

"The paper" is that of the challenge: Ignatov et al., arXiv:2211.04470.
"""
