# SPDX-License-Identifier: Apache-2.0
"""How much a file that nobody vouches for may use up."""

import dataclasses
import math

# The widest picture and depth map, in pixels a side and in all.
MAX_SIDE = 8192
MAX_PIXELS = 16 << 20


@dataclasses.dataclass(frozen=True)
class Limits:
  """What is spent on one file at most.

  Attributes:
    file_mb: size of the file, MB of 2^20 bytes.
    memory_mb: memory of the process that runs it, beyond what the runtime takes
      without a file, MB of 2^20 bytes.
    load_s: seconds to read and to load it.
    image_s: seconds for the depth of one picture.
    time_s: seconds for all of it.
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
