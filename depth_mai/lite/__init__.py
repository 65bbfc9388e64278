# SPDX-License-Identifier: Apache-2.0
"""From a Keras network to a checked, documented .tflite file."""
