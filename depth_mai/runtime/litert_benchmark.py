# SPDX-License-Identifier: Apache-2.0
"""Runs LiteRT's own benchmark of a .tflite file, for comparison.

The ai-edge-litert wheels contain `ai_edge_litert.tools.benchmark_litert_model`.
It runs a file through LiteRT's newer interface, CompiledModel, which always
uses XNNPACK, and rounds to hundredths of a millisecond. It runs in a fresh
process: `python -m depth_mai.runtime.litert_benchmark JSON` pins the process to
its CPUs, then runs the tool.
"""

import importlib.util
import json
import os
import runpy
import subprocess
import sys
import tempfile

from depth_mai.files import failures
from depth_mai.runtime import configuration
from depth_mai.runtime import environment

TOOL = 'ai_edge_litert.tools.benchmark_litert_model'

# (our name of a figure, the tool's name under 'latency' in its JSON).
_FIGURES = (
  ('median_ms', 'median_ms'),
  ('mean_ms', 'avg_ms'),
  ('min_ms', 'min_ms'),
  ('std_ms', 'std_ms'),
  ('p5_ms', 'p5_ms'),
  ('p95_ms', 'p95_ms'),
  ('init_ms', 'init_ms'),
  ('warmup', 'num_warmup_runs'),
  ('runs', 'num_runs'),
)


def measure(
  request: configuration.Request, timeout_s: float | None = None
) -> dict:
  """Runs LiteRT's own benchmark on a file, where it is installed.

  Args:
    request: the configuration; `xnnpack` is ignored.
    timeout_s: time limit in seconds; None for no limit.

  Returns:
    dict, ready for JSON: tool, threads, figures (median_ms, mean_ms, min_ms,
    std_ms, p5_ms, p95_ms, init_ms, warmup, runs, fully_accelerated; None if
    the tool gave none), reason (why it gave none, else None).
  """
  figures, reason = None, why_absent()
  if reason is None:
    figures, reason = _run_tool(request, timeout_s)
  return {
    'tool': TOOL,
    'threads': request.num_threads,
    'figures': figures,
    'reason': reason,
  }


def why_absent() -> str | None:
  """Returns why the tool cannot be run; None where it is installed."""
  try:
    if importlib.util.find_spec(TOOL):
      return None
  except ImportError:
    pass
  return (
    f'{TOOL} is not installed; ai-edge-litert contains it since version 2 (pip '
    'install "ai-edge-litert>=2.3", 64-bit systems).'
  )


def _run_tool(
  request: configuration.Request, timeout_s: float | None
) -> tuple[dict | None, str | None]:
  """Returns (figures, reason), one of them None."""
  with tempfile.TemporaryDirectory(prefix='depth_mai-') as folder:
    result = os.path.join(folder, 'result.json')
    flags = {
      '--model': os.path.abspath(request.path),
      '--num_threads': str(request.num_threads),
      '--warmup_runs': str(request.warmup),
      '--num_runs': str(request.runs),
      '--result_json': result,
    }
    job = json.dumps({'flags': flags, 'cpus': request.cpus})
    try:
      child = environment.run_python(
        ['-m', 'depth_mai.runtime.litert_benchmark', job], timeout_s
      )
    except subprocess.TimeoutExpired:
      return None, f'{TOOL} took more than {timeout_s:g} s (--timeout_s).'
    try:
      with open(result, encoding='utf-8') as stream:
        return read_result(stream.read()), None
    except (OSError, ValueError) as error:
      words = child.stderr.strip().splitlines()[-1:] or [str(error)]
      return None, f'{TOOL} ended with code {child.returncode}: {words[0]}'


def read_result(text: str) -> dict:
  """Reads the figures from the tool's JSON.

  Args:
    text: the content of its --result_json.

  Returns:
    The figures, see `measure`.

  Raises:
    ValueError: the text is not JSON, or lacks a figure.
  """
  result = json.loads(text)
  try:
    figures = {ours: result['latency'][theirs] for ours, theirs in _FIGURES}
    return {**figures, 'fully_accelerated': result['fully_accelerated']}
  except (KeyError, TypeError) as error:
    raise ValueError(
      f'The JSON of {TOOL} lacks a figure ({failures.reason(error)})'
    ) from error


def _main(job: str) -> None:
  """Pins this process to the CPUs in a JSON text, then runs the tool."""
  asked = json.loads(job)
  try:
    environment.pin_to_cpus(asked['cpus'])
  except ValueError as error:
    sys.exit(str(error))
  sys.argv = [
    TOOL,
    *(f'{flag}={value}' for flag, value in asked['flags'].items()),
  ]
  runpy.run_module(TOOL, run_name='__main__', alter_sys=True)


if __name__ == '__main__':
  _main(sys.argv[1])
