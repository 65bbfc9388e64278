# SPDX-License-Identifier: Apache-2.0
"""Tests of the judge, and the files that attack it."""
