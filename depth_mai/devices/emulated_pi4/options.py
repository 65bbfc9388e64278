# SPDX-License-Identifier: Apache-2.0
"""How the emulated Raspberry Pi 4 counts."""

import dataclasses
import urllib.parse

NAME = 'emulated_pi4'


@dataclasses.dataclass(frozen=True)
class EmulationOptions:
  """What is counted, and how often.

  Attributes:
    root: folder that `setup` made; None for the default.
    processes: in each of which the same is counted, at least 2: their spread
      shows whether the counts can be trusted.
    inferences: of which each process counts the median, at least 1.
    operators: whether to count each operator.
    cache_model: whether the last process also simulates the data caches, which
      takes two to three times as long.
    calibration: a file of `calibrate`; None for the ones that come with this.
  """

  root: str | None = None
  processes: int = 2
  inferences: int = 3
  operators: bool = True
  cache_model: bool = False
  calibration: str | None = None

  def __post_init__(self):
    """Checks the options."""
    if self.processes < 2:
      raise ValueError(
        f'EmulationOptions.processes must be at least 2, got {self.processes}.'
      )
    if self.inferences < 1:
      raise ValueError(
        'EmulationOptions.inferences must be at least 1, got '
        f'{self.inferences}.'
      )


def from_spec(spec: str) -> EmulationOptions:
  """Reads what --device asks for, such as 'emulated_pi4?cache_model=on'.

  Args:
    spec: 'emulated_pi4', and behind a '?' root=DIR, calibration=FILE and
      cache_model=on, joined by '&'.

  Raises:
    ValueError: if it asks for something else.
  """
  name, _, query = spec.partition('?')
  asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
  cache_model = asked.pop('cache_model', 'off')
  if (
    name != NAME
    or not set(asked) <= {'calibration', 'root'}
    or cache_model not in ('on', 'off')
  ):
    raise ValueError(
      f'--device={spec}: behind {NAME}? may stand root=DIR, calibration=FILE '
      'and cache_model=on, joined by &.'
    )
  return EmulationOptions(cache_model=cache_model == 'on', **asked)
