# SPDX-License-Identifier: Apache-2.0
"""Describes a judgement: the file, the data, the device and the limits."""

import dataclasses
import math
import os

from depth_mai import challenge
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import model_interface
from depth_mai.runtime import operators

AUTO = interface_evidence.AUTO
UNITS = interface_evidence.UNITS
LAYOUTS = model_interface.LAYOUTS
_LOCAL = 'local'
INPUT_RANGES = interface_evidence.RANGES


@dataclasses.dataclass(frozen=True)
class Limits:
  """The most that one file may use.

  Attributes:
    file_mb: size of the file, MB of 2^20 bytes.
    memory_mb: memory of the process that runs it, in addition to what the
      runtime takes without a file, MB of 2^20 bytes.
    load_s: seconds to read and load it.
    image_s: seconds to predict one picture.
    time_s: seconds in total.
  """

  file_mb: float = 256.0
  memory_mb: float = 1024.0
  load_s: float = 20.0
  image_s: float = 20.0
  time_s: float = 600.0

  def __post_init__(self):
    """Checks the limits.

    Raises:
      ValueError: if one is not positive and finite.
    """
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if not (math.isfinite(value) and value > 0):
        raise ValueError(
          f'--{field.name} must be positive and finite, got {value}.'
        )


@dataclasses.dataclass(frozen=True)
class JudgeRequest:
  """A file and how to judge it.

  Attributes:
    model_path: the file.
    data_dir: challenge folder or prepared tfds directory.
    split: split on which the errors are measured.
    device: device on which the runtime is measured, as --device names it.
    target_runtime: TFLite release that the file must run on.
    unit: unit of the predicted depth, in UNITS; or AUTO.
    layout: layout of the input, in LAYOUTS; or AUTO.
    input_range: range of the input's values, in INPUT_RANGES; or AUTO.
    output: name or place of the depth map among the outputs; or AUTO.
    input_size: WIDTHxHEIGHT of an input that the file leaves open; or AUTO.
    limit: measure the errors on the first N pairs only; None for all.
    limits: the most that the file may use.
    settings: how to measure the runtime.
    pictures_dir: folder for depth pictures; None for none.
    pictures: number of depth pictures.
    require_sandbox: whether to refuse to run a file where a layer in
      `lockdown.REQUIRED` is not in force.
  """

  model_path: str | os.PathLike[str]
  data_dir: str | os.PathLike[str]
  split: str = 'validation'
  device: str = 'local'
  target_runtime: str = challenge.RUNTIME
  unit: str = AUTO
  layout: str = AUTO
  input_range: str = AUTO
  output_tensor: str = AUTO
  input_size: str = AUTO
  limit: int | None = None
  limits: Limits = Limits()
  settings: settings_lib.Settings = settings_lib.Settings()
  pictures_dir: str | os.PathLike[str] | None = None
  pictures: int = 6
  require_sandbox: bool = False

  def __post_init__(self):
    """Checks everything that can be checked without the file.

    Raises:
      ValueError: if an argument is not among those allowed.
    """
    if self.declared.input_size != AUTO and self.device != _LOCAL:
      raise ValueError(
        f'--input_size={self.input_size} needs --device={_LOCAL}: on other '
        "devices, an open input has the challenge's 640x480."
      )
    for name, flag in (('limit', '--limit'), ('pictures', 'pictures')):
      value = getattr(self, name)
      if value is not None and value < 1:
        raise ValueError(f'{flag} must be at least 1, got {value}.')
    operators.parse_release(self.target_runtime)

  @property
  def declared(self) -> interface_evidence.Declared:
    """What the request states about the file."""
    return interface_evidence.Declared(
      self.unit,
      self.input_range,
      self.layout,
      self.output_tensor,
      self.input_size,
    )
