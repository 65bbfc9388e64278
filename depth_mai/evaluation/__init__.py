# SPDX-License-Identifier: Apache-2.0
"""Evaluates a network, a .tflite file or a folder of PNGs on a data set."""
