# SPDX-License-Identifier: Apache-2.0
"""Measures how long one inference takes.

The first runs are not counted, because they pack weights and warm the caches.
Compare medians and the 10th and 90th percentiles; the mean depends on the other
programs on the machine. As in benchmark_model and the challenge, the time is
that of the inference alone; a second time includes copying the picture into the
interpreter and the depth map out of it.

It also runs in Python 3.8, for TFLite 2.5.
"""

from __future__ import annotations

import time
import typing

import numpy as np


def time_runs(
  interpreter: typing.Any, warmup: int, runs: int
) -> tuple[np.ndarray, np.ndarray]:
  """Times a model on a fixed random input.

  Args:
    interpreter: allocated interpreter of any model.
    warmup: number of warm-up runs, at least 1.
    runs: number of counted runs, at least 1.

  Returns:
    (invoke_ms, with_copies_ms), each [runs] float64: the times without and with
    setting the inputs and fetching the outputs.

  Raises:
    ValueError: warmup or runs is below 1.
  """
  for flag, value in (('warmup', warmup), ('runs', runs)):
    if value < 1:
      raise ValueError(f'--{flag} must be at least 1, got {value}.')
  inputs = [
    (detail['index'], _random_input(detail))
    for detail in interpreter.get_input_details()
  ]
  outputs = [detail['index'] for detail in interpreter.get_output_details()]
  invoke_ms, with_copies_ms = [], []
  for _ in range(warmup + runs):
    start = time.perf_counter()
    for index, array in inputs:
      interpreter.set_tensor(index, array)
    before = time.perf_counter()
    interpreter.invoke()
    after = time.perf_counter()
    for index in outputs:
      interpreter.get_tensor(index)
    end = time.perf_counter()
    invoke_ms.append(1e3 * (after - before))
    with_copies_ms.append(1e3 * (end - start))
  return np.array(invoke_ms[warmup:]), np.array(with_copies_ms[warmup:])


def summarise(times_ms: np.ndarray) -> dict[str, float]:
  """Summarises run times.

  Args:
    times_ms: [runs] milliseconds.

  Returns:
    dict of float: median_ms, p10_ms, p90_ms, min_ms, mean_ms, std_ms
    (percentiles interpolated linearly; std of the population).
  """
  times_ms = np.asarray(times_ms, np.float64)
  p10, median, p90 = np.percentile(times_ms, [10, 50, 90])
  return {
    'median_ms': float(median),
    'p10_ms': float(p10),
    'p90_ms': float(p90),
    'min_ms': float(times_ms.min()),
    'mean_ms': float(times_ms.mean()),
    'std_ms': float(times_ms.std()),
  }


def _random_input(detail: dict) -> np.ndarray:
  """Returns a random tensor for one input, with values of 0..255."""
  generator = np.random.default_rng(0)
  shape, dtype = tuple(detail['shape']), np.dtype(detail['dtype'])
  if dtype == np.bool_:
    return generator.integers(0, 2, shape).astype(dtype)
  values = generator.integers(0, 256, shape, np.uint8)
  # As bytes until here, which adds little to the measured memory.
  return values.view(np.int8) if dtype == np.int8 else values.astype(dtype)
