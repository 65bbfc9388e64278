# SPDX-License-Identifier: Apache-2.0
"""Trains networks: the loop, its steps, checkpoints, records and validation."""
