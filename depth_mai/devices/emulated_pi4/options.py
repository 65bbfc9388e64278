# SPDX-License-Identifier: Apache-2.0
"""Options of the emulated Raspberry Pi 4."""

import dataclasses
import urllib.parse

NAME = 'emulated_pi4'


@dataclasses.dataclass(frozen=True)
class EmulationOptions:
  """What is counted, and how often.

  Attributes:
    root: folder of the emulated system; None for the default.
    processes: number of processes that count the same, at least 2; their spread
      shows whether the counts can be trusted.
    inferences: number of inferences in each process, at least 1; the median is
      reported.
    operators: whether to count each operator.
    cache_model: whether the last process also simulates the data caches, which
      takes two to three times as long.
    calibration: a file of `calibrate`; None for the shipped calibrations.
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
  """Reads the options from --device, such as 'emulated_pi4?cache_model=on'.

  Args:
    spec: 'emulated_pi4', optionally with '?' and root=DIR, calibration=FILE and
      cache_model=on, joined by '&'.

  Raises:
    ValueError: `spec` is not of this form.
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
      f'--device={spec}: after {NAME}? give root=DIR, calibration=FILE and '
      'cache_model=on, joined by &.'
    )
  return EmulationOptions(
    root=asked.get('root'),
    calibration=asked.get('calibration'),
    cache_model=cache_model == 'on',
  )
