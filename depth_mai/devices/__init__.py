# SPDX-License-Identifier: Apache-2.0
"""Where files are measured: here, emulated, over ssh or adb; what came out."""
