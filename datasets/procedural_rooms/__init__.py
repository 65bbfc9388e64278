# SPDX-License-Identifier: Apache-2.0
"""Procedural rooms and streets: RGB pictures with exact depth."""
