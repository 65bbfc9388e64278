# SPDX-License-Identifier: Apache-2.0
"""The organisers' metrics and the challenge score, in NumPy alone."""
