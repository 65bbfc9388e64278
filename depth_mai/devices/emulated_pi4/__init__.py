# SPDX-License-Identifier: Apache-2.0
"""Emulates a Raspberry Pi 4 with QEMU: counts instructions, predicts times."""
