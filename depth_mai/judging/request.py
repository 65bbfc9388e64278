# SPDX-License-Identifier: Apache-2.0
"""What the judge is asked."""

import dataclasses
import os

from depth_mai import challenge
from depth_mai.devices import settings as settings_lib
from depth_mai.judging import limits as limits_lib
from depth_mai.runtime import operators

AUTO = 'auto'
UNITS = ('mm', 'm')
LAYOUTS = ('nhwc', 'nchw')
# From a name to the number that stands for black and the one for white.
INPUT_RANGES = {
  '0..255': (0.0, 255.0),
  '0..1': (0.0, 1.0),
  '-1..1': (-1.0, 1.0),
}


@dataclasses.dataclass(frozen=True)
class JudgeRequest:
  """A file and how to judge it.

  Attributes:
    model_path: the file.
    data_dir: challenge folder or prepared tfds directory.
    split: what to measure the errors on.
    device: where to measure the runtime, as --device names it.
    target_runtime: the TFLite release that must run the file.
    unit: of the depth that the file gives, of UNITS; or AUTO.
    layout: of the picture that it takes, of LAYOUTS; or AUTO.
    input_range: of the picture's numbers, of INPUT_RANGES; or AUTO.
    limit: measure the errors on the first N pairs only; None for all.
    limits: what may be spent on the file.
    settings: how to measure the runtime.
    pictures_dir: folder for depth pictures; None for none.
    pictures: how many.
  """

  model_path: str | os.PathLike[str]
  data_dir: str | os.PathLike[str]
  split: str = 'validation'
  device: str = 'local'
  target_runtime: str = challenge.RUNTIME
  unit: str = AUTO
  layout: str = AUTO
  input_range: str = AUTO
  limit: int | None = None
  limits: limits_lib.Limits = limits_lib.Limits()
  settings: settings_lib.Settings = settings_lib.Settings()
  pictures_dir: str | os.PathLike[str] | None = None
  pictures: int = 6

  def __post_init__(self):
    """Checks what can be checked without the file.

    Raises:
      ValueError: if an argument is none of those allowed.
    """
    for flag, allowed in (
      ('unit', UNITS),
      ('layout', LAYOUTS),
      ('input_range', INPUT_RANGES),
    ):
      value = getattr(self, flag)
      if value != AUTO and value not in allowed:
        raise ValueError(
          f'--{flag}={value} must be one of {", ".join((AUTO, *allowed))}.'
        )
    if self.limit is not None and self.limit < 1:
      raise ValueError(f'--limit must be at least 1, got {self.limit}.')
    if self.pictures < 1:
      raise ValueError(f'pictures must be at least 1, got {self.pictures}.')
    operators.parse_release(self.target_runtime)
