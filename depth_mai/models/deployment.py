# SPDX-License-Identifier: Apache-2.0
"""From a network to what runs on the device: image in, depth map out."""

import keras

from depth_mai.layers import resize
from depth_mai.layers import upsample

IMAGE_SIZE = (480, 640)
OUTPUT_UNITS = {'mm': 1000.0, 'm': 1.0}

# How the systems bring their map to the image's size: by the report, and by its
# authors' code for aiia_hit. TCL's is inferred: with the kernels of the time a
# bilinear one would have taken half of its runtime. The others are not known;
# bilinear, our choice, fits the runtimes of jmu_cvlab and icl.
_UPSAMPLINGS = {
  'aiia_hit': 'nearest',
  'miaigo': 'nearest',
  'tcl': 'nearest',
  'tencent_gylab': 'nearest',
  'tencent_gylab_2021': 'nearest',
}

# The same values in the form that costs least on a Cortex-A72, with XNNPACK and
# without; benchmarks/graph_choices.py measures them.
_CHEAPEST_FORMS = {
  'bilinear': 'bilinear_separable',
  'nearest': 'nearest_broadcast',
}


def system_upsampling(network: keras.Model) -> str:
  """Returns 'bilinear' or 'nearest': what belongs to a system, by its name."""
  return _UPSAMPLINGS.get(network.name, 'bilinear')


def default_upsampling(network: keras.Model) -> str:
  """Returns the cheapest form of the upsampling that belongs to a system.

  Its values are those of system_upsampling(network), up to float rounding.
  """
  return _CHEAPEST_FORMS[system_upsampling(network)]


def deployment_model(
  network: keras.Model,
  image_size: tuple[int, int] = IMAGE_SIZE,
  batch_size: int | None = None,
  output_upsampling: str | None = None,
  output_unit: str = 'mm',
) -> keras.Model:
  """Puts the challenge's interface around a network.

  Args:
    network: maps [B, h, w, 3] RGB 0..255 to [B, h', w', 1] metres.
    image_size: (height, width) of the image and of the depth map, pixels.
    batch_size: fixed batch size; the TFLite converter needs 1.
    output_upsampling: one of upsample.OUTPUT_UPSAMPLINGS; None for what
      belongs to the system, in its plain form.
    output_unit: 'mm' (the challenge's) or 'm'.

  Returns:
    A model that maps [B, H, W, 3] float32 RGB 0..255 to [B, H, W, 1] float32
    depth. It shares the network's weights. Call it with training=False.

  Raises:
    ValueError: for an unknown unit or upsampling.
  """
  if output_unit not in OUTPUT_UNITS:
    raise ValueError(
      f'output_unit={output_unit!r} is not one of {sorted(OUTPUT_UNITS)}.'
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
  # Scaling the small map is a hundred times cheaper than the large one.
  if output_unit != 'm':
    depth = keras.layers.Rescaling(
      OUTPUT_UNITS[output_unit], name=f'depth_{output_unit}', dtype='float32'
    )(depth)
  depth = upsample.upsample_output(
    depth, height, width, output_upsampling or system_upsampling(network)
  )
  return keras.Model(image, depth, name=f'{network.name}_deployed')
