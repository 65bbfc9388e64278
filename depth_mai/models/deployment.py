# SPDX-License-Identifier: Apache-2.0
"""Wraps a network for deployment: image in, depth map of the same size out."""

import keras

from depth_mai import challenge
from depth_mai.layers import resize
from depth_mai.layers import upsample
from depth_mai.models import network_file

# The forms that cost least on a Cortex-A72, with XNNPACK and without, and have
# the same values; benchmarks/graph_choices.py measures them.
_CHEAPEST_FORMS = {
  'bilinear': 'bilinear_separable',
  'nearest': 'nearest_broadcast',
}


def system_upsampling(network: keras.Model) -> str:
  """Returns the output upsampling of a network's system, by the network's name.

  Args:
    network: a system, or another network.

  Returns:
    'bilinear' or 'nearest', as the system's file registers it; 'bilinear' for
    other networks.
  """
  system = network_file.systems().get(network.name)
  return system.output_upsampling if system else 'bilinear'


def default_upsampling(network: keras.Model) -> str:
  """Returns the cheapest form of the system's output upsampling.

  Its values are those of system_upsampling(network), up to float rounding.
  """
  return _CHEAPEST_FORMS[system_upsampling(network)]


def deployment_model(
  network: keras.Model,
  image_size: tuple[int, int] = challenge.IMAGE_SIZE,
  batch_size: int | None = None,
  output_upsampling: str | None = None,
  output_unit: str = 'mm',
) -> keras.Model:
  """Adds the challenge's interface to a network.

  Args:
    network: maps [B, h, w, 3] RGB 0..255 to [B, h', w', 1] metres.
    image_size: (height, width) of the image and of the depth map, pixels.
    batch_size: fixed batch size; the TFLite converter needs 1.
    output_upsampling: one of upsample.OUTPUT_UPSAMPLINGS; None for the
      system's own, in its plain form.
    output_unit: 'mm' (the challenge's) or 'm'.

  Returns:
    A model that maps [B, H, W, 3] float32 RGB 0..255 to [B, H, W, 1] float32
    depth. It shares the network's weights. Call it with training=False.

  Raises:
    ValueError: for an unknown unit or upsampling.
  """
  if output_unit not in challenge.MM_PER_UNIT:
    raise ValueError(
      f'output_unit={output_unit!r} is not one of '
      f'{sorted(challenge.MM_PER_UNIT)}.'
    )
  height, width = image_size
  image = keras.Input(
    (height, width, 3), batch_size=batch_size, name='rgb', dtype='float32'
  )
  network_height, network_width = network.input_shape[1:3]
  x = resize.Resize(
    network_height, network_width, name='input_resize', dtype='float32'
  )(image)
  depth = network(x)
  # Before the upsampling, because the map is a hundred times smaller there.
  if output_unit != 'm':
    depth = keras.layers.Rescaling(
      challenge.MM_PER_M / challenge.MM_PER_UNIT[output_unit],
      name=f'depth_{output_unit}',
      dtype='float32',
    )(depth)
  depth = upsample.upsample_output(
    depth, height, width, output_upsampling or system_upsampling(network)
  )
  return keras.Model(image, depth, name=f'{network.name}_deployed')
