# SPDX-License-Identifier: Apache-2.0
"""Depth data in the layout of the Mobile AI depth estimation challenge."""
