# SPDX-License-Identifier: Apache-2.0
"""Measures .tflite files of many systems and ranks them like the challenge."""
