# SPDX-License-Identifier: Apache-2.0
"""Live depth on the device, from a camera or video to a terminal or browser."""
