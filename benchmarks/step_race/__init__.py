# SPDX-License-Identifier: Apache-2.0
"""Times training steps of several processes that take turns."""
