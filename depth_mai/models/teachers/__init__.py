# SPDX-License-Identifier: Apache-2.0
"""Teachers: the large networks that four of the systems are distilled from.

They map pictures to depth as the systems do and are trained as they are. Their
sizes are published; small ones for a small machine are a matter of options.
"""
