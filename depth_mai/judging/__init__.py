# SPDX-License-Identifier: Apache-2.0
"""Judges a file of any team, which nobody vouches for, behind bars."""
