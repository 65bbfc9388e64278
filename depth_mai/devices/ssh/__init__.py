# SPDX-License-Identifier: Apache-2.0
"""Measures on a board, or any Linux machine, over ssh."""
