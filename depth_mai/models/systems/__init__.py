# SPDX-License-Identifier: Apache-2.0
"""The challenge's systems, one file each, by their names in Table 1.

"The paper" is that of the challenge: Ignatov et al., arXiv:2211.04470.
"""
