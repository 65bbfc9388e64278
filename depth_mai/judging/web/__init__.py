# SPDX-License-Identifier: Apache-2.0
"""Serves the judge as a web page."""
