# SPDX-License-Identifier: Apache-2.0
"""Measures on a Raspberry Pi, or any Linux machine, over ssh."""
