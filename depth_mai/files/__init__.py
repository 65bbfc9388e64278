# SPDX-License-Identifier: Apache-2.0
"""Reads and writes files: data folders, depth PNGs, workdirs, ready weights."""
