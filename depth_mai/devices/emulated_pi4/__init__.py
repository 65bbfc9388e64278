# SPDX-License-Identifier: Apache-2.0
"""A Raspberry Pi 4 under QEMU: counts instructions, predicts times."""
