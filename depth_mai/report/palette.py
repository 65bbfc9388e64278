# SPDX-License-Identifier: Apache-2.0
"""Pictures of at most 256 colours: PNG files of a third of the size."""

import numpy as np
from PIL import Image

_COLOURS = 256


def reduced(picture: np.ndarray, exact_rgb: np.ndarray) -> Image.Image:
  """Reduces a picture to a palette that keeps some colours as they are.

  Args:
    picture: uint8 [H, W, 3].
    exact_rgb: uint8 [N, 3], at most 240 colours to keep, such as those of a
      colour map. The others share what is left of the palette.

  Returns:
    A PIL.Image of mode 'P', the size of the picture.

  Raises:
    ValueError: if exact_rgb has too many colours.
  """
  kept = np.unique(exact_rgb.reshape(-1, 3), axis=0)
  if len(kept) > 240:
    raise ValueError(
      f'{len(kept)} colours cannot be kept: a palette has {_COLOURS}, of which '
      'the rest of the picture needs 16. Colour the maps in fewer steps.'
    )
  codes, kept_codes = _codes(picture), _codes(kept)
  place = np.searchsorted(kept_codes, codes).clip(max=len(kept) - 1)
  is_kept = kept_codes[place] == codes
  others = Image.fromarray(picture[~is_kept][None])
  index, rest = place.astype(np.uint8), np.zeros((0, 3), np.uint8)
  if others.width:
    quantised = others.quantize(_COLOURS - len(kept), dither=Image.Dither.NONE)
    rest = np.array(quantised.getpalette(), np.uint8).reshape(-1, 3)
    index[~is_kept] = len(kept) + np.array(quantised)[0]
  image = Image.fromarray(index, 'P')
  image.putpalette(np.concatenate((kept, rest)).tobytes())
  return image


def _codes(rgb):
  """Returns one number for each colour, in the order of `np.unique`."""
  return rgb.astype(np.int64) @ np.array([65536, 256, 1])
