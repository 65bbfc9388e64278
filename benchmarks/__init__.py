# SPDX-License-Identifier: Apache-2.0
"""Programs that print accuracy figures, and speed as ratios."""
