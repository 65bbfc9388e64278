# SPDX-License-Identifier: Apache-2.0
"""Bazel's macros, and the tool that writes the BUILD files."""
