# SPDX-License-Identifier: Apache-2.0
"""Writes files safely, explains problems, knows the files of a run."""
