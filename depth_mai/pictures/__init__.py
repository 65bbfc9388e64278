# SPDX-License-Identifier: Apache-2.0
"""Reads pictures and depth maps of all formats, and writes depth maps."""
