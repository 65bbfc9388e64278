# SPDX-License-Identifier: Apache-2.0
"""Depth pictures and training curves."""
