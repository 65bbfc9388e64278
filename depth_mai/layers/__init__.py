# SPDX-License-Identifier: Apache-2.0
"""Keras layers shared by the systems; each converts to TFLite builtins."""
