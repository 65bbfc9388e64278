# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/data, and pairs for them and for the builders."""
