# SPDX-License-Identifier: Apache-2.0
"""Programs that print speed and accuracy figures, as ratios where of speed."""
