# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite's benchmark program: how to call it, what it prints.

`benchmark_model` (tensorflow/lite/tools/benchmark) comes as a binary for
Android and Linux. It prints, among much else, lines such as

  count=50 first=31 curr=30 min=29 max=42 avg=30.5 std=1 p5=29 median=30 p95=35
  Inference timings in us: Init: 9, ..., Inference (avg): 30.5

the first of them for the warm-up, then for the runs that count, in
microseconds; older programs give no p5, median and p95. Memory it tells
approximately, and how many pieces the XNNPACK delegate took.
"""

from collections.abc import Sequence
import re

# The last of them is of the runs that count.
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

# Our name of a figure and the program's.
_FIGURES = (
  ('median_ms', 'median'),
  ('min_ms', 'min'),
  ('mean_ms', 'avg'),
  ('std_ms', 'std'),
  ('p5_ms', 'p5'),
  ('p95_ms', 'p95'),
)


def arguments(
  path: str,
  num_threads: int,
  xnnpack: bool,
  warmup: int,
  runs: int,
  timeout_s: float,
) -> Sequence[str]:
  """Returns the program's arguments.

  Args:
    path: the .tflite file, where the program runs.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: least runs that are not counted; half a second of them in any case.
    runs: least runs that are; a second of them in any case.
    timeout_s: seconds after which it shall stop by itself.
  """
  return (
    f'--graph={path}',
    f'--num_threads={num_threads}',
    f'--use_xnnpack={"true" if xnnpack else "false"}',
    f'--warmup_runs={warmup}',
    f'--num_runs={runs}',
    f'--max_secs={timeout_s:g}',
  )


def read_output(text: str) -> dict:
  """Takes the figures out of what the program printed.

  Args:
    text: all that it printed, both streams.

  Returns:
    dict: runs, median_ms, min_ms, mean_ms, std_ms, p5_ms, p95_ms, init_ms,
    memory_mb (what the process grew by), partitions; None where it does not
    tell (an older program gives no median).

  Raises:
    ValueError: it printed no timings; its last words are in the message.
  """
  average = _value(_AVERAGE, text)
  counts = _COUNT_LINE.findall(text)
  if average is None or not counts:
    words = ' '.join(text.strip().splitlines()[-3:]) or 'nothing'
    raise ValueError(f'benchmark_model gave no timings. It says: {words}')
  pairs = dict(part.split('=', 1) for part in counts[-1].split() if '=' in part)
  # One run has one number, which is all of these.
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
