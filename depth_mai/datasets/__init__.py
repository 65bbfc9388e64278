# SPDX-License-Identifier: Apache-2.0
"""Holds the dataset builders: `depth_mai.datasets.mai_depth` and its siblings.

In a checkout (and under Bazel) the builders lie in the top-level folder
`datasets/`, laid out as `tfds new` does; a wheel has them here. That folder
never becomes a module of its own: the name `datasets` belongs to another
library, which may be installed beside this one.
"""

import os

_CHECKOUT_DATASETS = os.path.join(
  os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
  'datasets',
)

# An installed package may have that other library as its neighbour; only ours
# holds one of these. (Bazel brings those alone that a test needs.)
if any(
  os.path.isdir(os.path.join(_CHECKOUT_DATASETS, name))
  for name in ('mai_depth', 'procedural_rooms', 'rgbd_folder')
):
  __path__.append(_CHECKOUT_DATASETS)
