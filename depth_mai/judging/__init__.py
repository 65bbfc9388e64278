# SPDX-License-Identifier: Apache-2.0
"""Judges untrusted .tflite files in a sandbox."""
