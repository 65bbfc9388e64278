# SPDX-License-Identifier: Apache-2.0
"""Encoders as tables, read by one builder."""
