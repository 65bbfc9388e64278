# SPDX-License-Identifier: Apache-2.0
"""Recordings of an RGB-D camera in any folder layout, as records."""
