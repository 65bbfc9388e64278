# SPDX-License-Identifier: Apache-2.0
"""What lies on disk: how it is laid out, read and written."""
