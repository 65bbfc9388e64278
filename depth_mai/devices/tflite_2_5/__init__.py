# SPDX-License-Identifier: Apache-2.0
"""Runs files in TFLite 2.5.0, the release that the challenge ran them with."""
