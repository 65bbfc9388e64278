# SPDX-License-Identifier: Apache-2.0
"""Single-image depth estimation for small devices (Mobile AI challenge)."""

__version__ = '0.1.0'
