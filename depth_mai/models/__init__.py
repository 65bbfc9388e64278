# SPDX-License-Identifier: Apache-2.0
"""Networks: encoders, and one file for each published system.

Importing this package registers every layer of the project with Keras, so that
`keras.models.load_model` opens a .keras file of a training.
"""

import importlib
import pkgutil

from depth_mai import layers

for _module in pkgutil.iter_modules(layers.__path__, f'{layers.__name__}.'):
  importlib.import_module(_module.name)
