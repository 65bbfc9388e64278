# SPDX-License-Identifier: Apache-2.0
"""Turns Keras networks into checked, documented .tflite files."""
