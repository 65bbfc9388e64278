# SPDX-License-Identifier: Apache-2.0
"""Tests of the emulated Raspberry Pi 4."""
