# SPDX-License-Identifier: Apache-2.0
"""Contains the dataset builders, such as `depth_mai.datasets.mai_depth`.

In a checkout (and under Bazel) the builders are in the top-level folder
`datasets/`, laid out as `tfds new` does; a wheel has them here. That folder is
never a module itself: the name `datasets` belongs to another library, which may
be installed, too.
"""

import os

_CHECKOUT_DATASETS = os.path.join(
  os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
  'datasets',
)

# An installed package may be next to that other library; only our folder
# contains one of these. (Bazel provides only those that a test needs.)
if any(
  os.path.isdir(os.path.join(_CHECKOUT_DATASETS, name))
  for name in ('mai_depth', 'procedural_rooms', 'rgbd_folder')
):
  __path__.append(_CHECKOUT_DATASETS)
