# SPDX-License-Identifier: Apache-2.0
"""Data on disk, and batches of it for training and evaluation."""
