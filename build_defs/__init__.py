# SPDX-License-Identifier: Apache-2.0
"""Bazel macros, and programs that write files of the repository."""
