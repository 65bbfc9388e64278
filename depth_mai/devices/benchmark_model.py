# SPDX-License-Identifier: Apache-2.0
"""Calls TensorFlow Lite's benchmark program and reads its output.

`benchmark_model` (tensorflow/lite/tools/benchmark) comes as a binary for
Android and Linux. Among other things it prints lines such as

  count=50 first=31 curr=30 min=29 max=42 avg=30.5 std=1 p5=29 median=30 p95=35
  Inference timings in us: Init: 9, ..., Inference (avg): 30.5

first for the warm-up, then for the counted runs, in microseconds; older
programs print no p5, median and p95. It also prints the approximate memory and
the number of partitions that the XNNPACK delegate took.
"""

from collections.abc import Sequence
import re

from depth_mai.runtime import configuration

# The last such line is that of the counted runs.
_COUNT_LINE = re.compile(r'\bcount=\d+ .*')
_NUMBER = r'(?P<value>[0-9.]+(?:e[+-]?[0-9]+)?)'
_AVERAGE = re.compile(
  rf'Inference timings in us: .*Inference \(avg\): {_NUMBER}'
)
_INIT = re.compile(rf'Inference timings in us: Init: {_NUMBER}')
_MEMORY = re.compile(
  r'(?:Memory footprint delta from the start of the tool|Peak memory footprint)'
  rf' \(MB\): init=[0-9.e+-]+ overall={_NUMBER}'
)
_PARTLY = re.compile(r'executed by the delegate w/ (?P<value>\d+) delegate')
_WHOLLY = 'will be completely executed by the delegate'

# Our name of a figure, and the program's.
_FIGURES = (
  ('median_ms', 'median'),
  ('min_ms', 'min'),
  ('mean_ms', 'avg'),
  ('std_ms', 'std'),
  ('p5_ms', 'p5'),
  ('p95_ms', 'p95'),
)


def arguments(
  request: configuration.Request, timeout_s: float
) -> Sequence[str]:
  """Returns the program's arguments.

  Args:
    request: the configuration. The program warms up for at least half a second
      and measures for at least one, even if that takes more runs.
    timeout_s: seconds after which the program stops by itself.
  """
  return (
    f'--graph={request.path}',
    f'--num_threads={request.num_threads}',
    f'--use_xnnpack={"true" if request.xnnpack else "false"}',
    f'--warmup_runs={request.warmup}',
    f'--num_runs={request.runs}',
    f'--max_secs={timeout_s:g}',
  )


def read_output(text: str) -> dict:
  """Reads the figures from the program's output.

  Args:
    text: the output, both streams.

  Returns:
    dict: runs, median_ms, min_ms, mean_ms, std_ms, p5_ms, p95_ms, init_ms,
    memory_mb (growth of the process), partitions; None for what the program
    does not print (an older one prints no median).

  Raises:
    ValueError: the output has no timings; its end is in the message.
  """
  average = _value(_AVERAGE, text)
  counts = _COUNT_LINE.findall(text)
  if average is None or not counts:
    words = ' '.join(text.strip().splitlines()[-3:]) or 'none'
    raise ValueError(
      f'benchmark_model printed no timings; its last lines: {words}'
    )
  pairs = dict(part.split('=', 1) for part in counts[-1].split() if '=' in part)
  # A single run prints one number, which is all of these.
  alone = pairs.get('curr') if pairs['count'] == '1' else None
  figures = {
    ours: _ms(pairs.get(theirs, alone if theirs != 'std' else None))
    for ours, theirs in _FIGURES
  }
  init_us = _value(_INIT, text)
  partitions = _value(_PARTLY, text)
  if _WHOLLY in text:
    partitions = 1
  return {
    'runs': int(pairs['count']),
    **figures,
    'mean_ms': average / 1e3,
    'init_ms': None if init_us is None else init_us / 1e3,
    'memory_mb': _value(_MEMORY, text),
    'partitions': None if partitions is None else int(partitions),
  }


def _value(pattern: re.Pattern[str], text: str) -> float | None:
  found = pattern.search(text)
  return float(found['value']) if found else None


def _ms(microseconds: str | None) -> float | None:
  return None if microseconds is None else float(microseconds) / 1e3
