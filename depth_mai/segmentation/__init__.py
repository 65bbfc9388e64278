# SPDX-License-Identifier: Apache-2.0
"""Pre-trains networks on semantic segmentation."""
