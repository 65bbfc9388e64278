# SPDX-License-Identifier: Apache-2.0
"""What runs on the device: LiteRT, NumPy and Pillow, no TensorFlow import."""
