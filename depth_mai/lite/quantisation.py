# SPDX-License-Identifier: Apache-2.0
"""The choices of an integer file: ranges, and what stays in float."""

from collections.abc import Sequence
import dataclasses

from depth_mai.lite import clipping


@dataclasses.dataclass(frozen=True)
class Quantisation:
  """How the 'int8' file of a network is made.

  Attributes:
    calibration: 'minmax', 'percentile', 'mse' or 'entropy'; see clipping.py.
    percentile: of calibration='percentile', above 50, at most 100.
    float_input: whether the image is resized and scaled in float, and becomes
      int8 at the network's size. With a float32 input only: an integer image
      is resized as it comes.
    float_tail: how many of the last convolutions are computed in float, with
      all behind them: the depth's offset and unit, the upsampling to the
      image's size. 0 keeps all convolutions in int8 and what is behind the
      last in float; None quantises everything.
    float_layers: further layers to compute in float, by the names that the
      table of layer errors gives them.
  """

  calibration: str = 'minmax'
  percentile: float = 99.99
  float_input: bool = False
  float_tail: int | None = None
  float_layers: Sequence[str] = ()

  def __post_init__(self):
    """Checks the choices."""
    if self.calibration not in clipping.METHODS:
      raise ValueError(
        f'calibration={self.calibration!r} is not one of {clipping.METHODS}. '
        'Change Quantisation.calibration.'
      )
    if not 50 < self.percentile <= 100:
      raise ValueError(
        f'percentile={self.percentile} must be above 50 and at most 100. '
        'Change Quantisation.percentile.'
      )
    if self.float_tail is not None and self.float_tail < 0:
      raise ValueError(
        f'float_tail={self.float_tail} must be None or at least 0. Change '
        'Quantisation.float_tail.'
      )
    if isinstance(self.float_layers, str):
      raise ValueError(
        f'float_layers={self.float_layers!r} must be a list of names. Change '
        'Quantisation.float_layers.'
      )
