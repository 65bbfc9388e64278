# SPDX-License-Identifier: Apache-2.0
"""Damages files at random, and watches what the project makes of them."""
