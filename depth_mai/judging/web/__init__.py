# SPDX-License-Identifier: Apache-2.0
"""The judge as a web page."""
