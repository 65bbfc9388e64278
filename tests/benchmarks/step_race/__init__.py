# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/step_race, and the network that they share."""
