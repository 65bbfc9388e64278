# SPDX-License-Identifier: Apache-2.0
"""Opens data on disk and makes batches for training and evaluation."""
