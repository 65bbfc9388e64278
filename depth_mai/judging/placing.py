# SPDX-License-Identifier: Apache-2.0
"""Measures the runtime, and computes the score and its rank in Table 1.

On this machine a file is timed in the sandbox, with the same loop as on other
devices (latency.py); device_process.py measures on other devices.
"""

from collections.abc import Callable

import numpy as np

from depth_mai import challenge
from depth_mai.devices import settings as settings_lib
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import request as request_lib
from depth_mai.judging import verdict
from depth_mai.metrics import paper_results
from depth_mai.metrics import score as score_lib
from depth_mai.runtime import latency

LOCAL = 'local'
# Readers must not take predicted figures for measured ones.
MEASURED, PREDICTED = 'measured', 'predicted'
# No time of a run is outside; a score of others may be infinite.
_LEAST_MS, _MOST_MS = 1e-6, 1e9


def measure_here(
  launcher: launcher_lib.Launcher,
  content: bytes,
  limits: request_lib.Limits,
  deadline: float,
  settings: settings_lib.Settings,
  report_done: Callable[[float], object],
  size: tuple[int, int] = challenge.IMAGE_SIZE,
) -> list[dict]:
  """Times a file on this machine, with XNNPACK on and off, in two processes.

  Args:
    launcher: starts the processes.
    content: the file.
    limits: the most that each process may use.
    deadline: time.monotonic() at which both must be done.
    settings: how to measure; only the first number of threads is used.
    report_done: called with the fraction done.
    size: (height, width) of an input that the file leaves open.

  Returns:
    Configurations as in device.py, reduced to the keys that `choose_runtime`
    reads.

  Raises:
    verdict.FileFaultError: if the file fails.
  """
  threads, rows = settings.threads[0], []
  for done, xnnpack in enumerate((True, False)):
    report_done(done / 2)
    with launcher.launch(limits, deadline, threads) as box:
      box.take(content)
      box.load(xnnpack, size)
      answer, times = box.time(settings.warmup, settings.runs)
    if len(times) != 8 * settings.runs:
      raise verdict.FileFaultError('Its process returned too few times.')
    times_ms = np.frombuffer(times, '<f8')
    if not ((times_ms >= _LEAST_MS) & (times_ms <= _MOST_MS)).all():
      raise verdict.FileFaultError('Its process returned invalid times.')
    rows.append(
      {
        'threads': threads,
        'xnnpack': xnnpack,
        'runs': len(times_ms),
        'partitions': answer['partitions'],
        **latency.summarise(times_ms),
      }
    )
  return rows


def choose_runtime(rows: list[dict], described: dict) -> dict:
  """Chooses the figures of the verdict.

  They are those of the first number of threads with XNNPACK, or without it if
  only the kernels without XNNPACK have a prediction.

  Args:
    rows: configurations as in device.py.
    described: result of the device's `describe`.

  Returns:
    dict: kind (MEASURED or PREDICTED); threads; xnnpack, whether the figures
    are with XNNPACK; runtime_ms and runtime_ms_no_xnnpack, medians, None if not
    measured; predicted_ms_low, predicted_ms_high and instructions, None if not
    predicted; partitions; runs; note.
  """
  threads = rows[0]['threads']
  by_xnnpack = {
    row['xnnpack']: row for row in rows if row['threads'] == threads
  }
  plain = by_xnnpack.get(False, {})
  chosen = by_xnnpack.get(True, plain)
  measured = chosen.get('median_ms') is not None
  if not measured and chosen.get('predicted_ms_low') is None:
    # Only one of the two may have a calibration.
    chosen = plain or chosen
  return {
    'kind': MEASURED if measured else PREDICTED,
    'threads': threads,
    'xnnpack': chosen['xnnpack'],
    'runtime_ms': chosen.get('median_ms'),
    'runtime_ms_no_xnnpack': plain.get('median_ms'),
    'predicted_ms_low': chosen.get('predicted_ms_low'),
    'predicted_ms_high': chosen.get('predicted_ms_high'),
    'instructions': chosen.get('instructions'),
    'partitions': chosen.get('partitions'),
    'runs': chosen.get('runs'),
    'note': described['note'],
  }


def rank_of(score: float) -> int:
  """Returns the rank of a score among the rows of Table 1, 1 to 9.

  Args:
    score: the score; it ranks before rows with the same rounded score.
  """
  rows = paper_results.ROWS.values()
  return 1 + sum(row.score > score for row in rows)


def place(si_rmse: float, runtime: dict) -> dict:
  """Computes the score and the rank.

  Args:
    si_rmse: mean over the split.
    runtime: result of `choose_runtime`.

  Returns:
    dict: kind (MEASURED or PREDICTED), of (the number of ranks), notes, score
    and rank. With a predicted runtime the last two are None, and score_low,
    score_high, rank_best and rank_worst are set instead. All are None without a
    runtime.
  """
  low_ms, high_ms = runtime['predicted_ms_low'], runtime['predicted_ms_high']
  standing = {
    'kind': runtime['kind'],
    'of': len(paper_results.ROWS) + 1,
    **dict.fromkeys(('score', 'rank', 'score_low', 'score_high')),
    **dict.fromkeys(('rank_best', 'rank_worst')),
    'notes': [
      'The errors are measured on this split; those of Table 1 on the '
      "challenge's test images, which were never published.",
      runtime['note'],
    ],
  }
  if runtime['runtime_ms'] is not None:
    score = score_lib.challenge_score(si_rmse, runtime['runtime_ms'])
    standing |= {'score': score, 'rank': rank_of(score)}
  elif low_ms is not None and high_ms is not None:
    low = score_lib.challenge_score(si_rmse, high_ms)
    high = score_lib.challenge_score(si_rmse, low_ms)
    standing |= {
      'score_low': low,
      'score_high': high,
      'rank_best': rank_of(high),
      'rank_worst': rank_of(low),
    }
  return standing
