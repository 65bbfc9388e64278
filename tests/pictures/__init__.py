# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/pictures, and odd pictures for them and for data."""
