# SPDX-License-Identifier: Apache-2.0
"""Labels photographs that have no depth with the predictions of teachers."""
