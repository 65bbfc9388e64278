# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/devices/tflite_2_5."""
