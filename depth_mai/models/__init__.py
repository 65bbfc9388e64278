# SPDX-License-Identifier: Apache-2.0
"""Networks: encoders, and one file for each published system."""
