# SPDX-License-Identifier: Apache-2.0
"""Shared by all systems: options, input and registration."""

from collections.abc import Callable
import dataclasses
from typing import ClassVar
from typing import TypeAlias

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import resize
from depth_mai.models import normalisation as normalisation_lib

# Builds a network; its options may be left out.
_Build: TypeAlias = Callable[..., keras.Model]


@dataclasses.dataclass(frozen=True)
class Options(depth_head.HeadOptions):
  """Options that every system has; a system extends them with its own.

  A subclass sets STRIDE, and repeats a field to change its default.

  Attributes:
    input_size: (height, width) of the network's input, pixels; multiples of
      STRIDE.
    batch_norm_momentum: momentum of BatchNorm's moving statistics.
  """

  # Total stride of the encoder, pixels.
  STRIDE: ClassVar[int] = 32

  input_size: tuple[int, int] = (128, 160)
  batch_norm_momentum: float = 0.9

  def __post_init__(self):
    """Checks the input size.

    Raises:
      ValueError: if a side is not a positive multiple of STRIDE.
    """
    if any(side % self.STRIDE or side < 1 for side in self.input_size):
      raise ValueError(
        f'{type(self).__name__}.input_size={self.input_size} must be multiples '
        f"of {self.STRIDE} pixels, so that the encoder's maps halve without a "
        'remainder.'
      )

  @property
  def norm(self) -> conv_norm.BatchNorm:
    """The setting of every BatchNorm in the network."""
    return conv_norm.BatchNorm(self.batch_norm_momentum)


@dataclasses.dataclass(frozen=True)
class System:
  """A registered system.

  Attributes:
    build: builds the network; its options may be left out.
    options: the dataclass of its options.
    output_upsampling: 'bilinear' or 'nearest', the interpolation from the
      predicted map to the size of the image.
  """

  build: _Build
  options: type[Options]
  output_upsampling: str


# Filled by `register` when the system's module is imported;
# network_file.systems() imports them all.
SYSTEMS: dict[str, System] = {}


def register(
  *, options: type[Options], output_upsampling: str
) -> Callable[[_Build], _Build]:
  """Registers the decorated function as a system.

  The system has the name of the function. The function and its options become
  gin configurables. A network belongs to the system of its keras.Model.name.

  Args:
    options: the dataclass of the system's options.
    output_upsampling: 'bilinear' or 'nearest'; see System.

  Raises:
    ValueError: for an unknown upsampling, or a second system of the same name.
  """
  if output_upsampling not in resize.INTERPOLATIONS:
    raise ValueError(
      f'output_upsampling={output_upsampling!r} of {options.__name__} is not '
      f'one of {resize.INTERPOLATIONS}. Change it where the system is '
      'registered.'
    )

  def add(build: _Build) -> _Build:
    name = build.__name__
    if name in SYSTEMS:
      raise ValueError(
        f'The modules {SYSTEMS[name].build.__module__} and {build.__module__} '
        f'both register a system {name!r}. Rename one of the functions.'
      )
    SYSTEMS[name] = System(build, options, output_upsampling)
    return build

  return add


def check_taps(taps: tuple[int, ...], blocks: int, encoder: str) -> None:
  """Checks which blocks of an encoder a decoder reads.

  Args:
    taps: numbers of the blocks, from 1.
    blocks: number of blocks that there are.
    encoder: its name, for the message.

  Raises:
    ValueError: if the numbers do not ascend, or a block does not exist.
  """
  if list(taps) != sorted(set(taps)) or not (
    1 <= taps[0] and taps[-1] <= blocks
  ):
    raise ValueError(
      f'taps={taps} must ascend within 1..{blocks}, the blocks of {encoder}.'
    )


def rgb_input(
  options: Options,
  normalisation: normalisation_lib.Normalisation = (
    normalisation_lib.PLUS_MINUS_ONE
  ),
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
  """Creates the input 'rgb' of a network and scales it for the encoder.

  Args:
    options: input_size is the size of the input.
    normalisation: how it is scaled, by default to -1..1.

  Returns:
    keras.Input [B, h, w, 3], RGB 0..255, and the same scaled; both float32.
  """
  rgb = keras.Input((*options.input_size, 3), name='rgb', dtype='float32')
  return rgb, normalisation_lib.layer(normalisation)(rgb)
