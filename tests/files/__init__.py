# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files, and odd pictures for them and for data."""
