# SPDX-License-Identifier: Apache-2.0
"""Takes the outputs of a network's layers by the names of the layers."""

from collections.abc import Sequence

import keras

from depth_mai.files import near_names

# Layers that a message lists: the decoder's last.
_LISTED = 12


def outputs(
  network: keras.Model, names: Sequence[str], role: str
) -> list[keras.KerasTensor]:
  """Returns the outputs of layers, maps [B, h, w, C].

  Args:
    network: a functional network.
    names: names of its layers.
    role: 'student' or 'teacher', for messages.

  Raises:
    ValueError: if there is no such layer, or its output is no map of a fixed
      size; the message names near layers.
  """
  layers = {layer.name: layer for layer in network.layers}
  found = []
  for name in names:
    if name not in layers:
      last = ', '.join(list(layers)[-_LISTED:])
      raise ValueError(
        f'{network.name}, the {role}, has no layer {name!r}. '
        f'{near_names.hint(name, layers)} Its last '
        f'layers are {last}. Change Distillation.terms in the gin file.'
      )
    output = layers[name].output
    shape = getattr(output, 'shape', ())
    if len(shape) != 4 or None in shape[1:]:
      raise ValueError(
        f'The layer {name!r} of {network.name}, the {role}, returns '
        f'{shape or "several tensors"}. Distillation compares maps [B, h, w, '
        'C] of a fixed size. Change Distillation.terms in the gin file.'
      )
    found.append(output)
  return found
