# SPDX-License-Identifier: Apache-2.0
"""Depth pictures, plots, and the pages and tables of results."""
