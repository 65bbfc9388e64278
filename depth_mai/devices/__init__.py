# SPDX-License-Identifier: Apache-2.0
"""Measures .tflite files: on this machine, over ssh or adb, or emulated."""
