# SPDX-License-Identifier: Apache-2.0
"""LiteRT's own benchmark of a .tflite file, as a second opinion.

The ai-edge-litert wheels carry `ai_edge_litert.tools.benchmark_litert_model`.
It runs a file through LiteRT's newer interface, CompiledModel, which always
uses XNNPACK, and rounds to hundredths of a millisecond. It runs in a process of
its own: `python -m depth_mai.runtime.litert_benchmark JSON` pins that process
and becomes the tool.
"""

from collections.abc import Sequence
import importlib.util
import json
import os
import runpy
import subprocess
import sys
import tempfile

from depth_mai.runtime import environment

TOOL = 'ai_edge_litert.tools.benchmark_litert_model'

# Our name of a figure and the tool's, under 'latency' in its JSON.
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
  path: str | os.PathLike[str],
  num_threads: int,
  warmup: int,
  runs: int,
  cpus: Sequence[int] = (),
  timeout_s: float | None = None,
) -> dict:
  """Runs LiteRT's own benchmark on a file, where it is installed.

  Args:
    path: a .tflite file.
    num_threads: threads for the kernels.
    warmup: runs that are not counted.
    runs: runs that are.
    cpus: CPUs to stay on; empty for any.
    timeout_s: seconds that it may take; None for any.

  Returns:
    dict, ready for JSON: tool, threads, figures (median_ms, mean_ms, min_ms,
    std_ms, p5_ms, p95_ms, init_ms, warmup, runs, fully_accelerated; None where
    it gave none), reason (why it gave none, else None).
  """
  figures, reason = None, why_absent()
  if reason is None:
    request = {
      '--model': os.path.abspath(path),
      '--num_threads': str(num_threads),
      '--warmup_runs': str(warmup),
      '--num_runs': str(runs),
    }
    figures, reason = _run_tool(request, list(cpus), timeout_s)
  return {
    'tool': TOOL,
    'threads': num_threads,
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
    f'{TOOL} is not installed; ai-edge-litert has it from version 2 on (pip '
    'install "ai-edge-litert>=2.3", 64-bit systems).'
  )


def _run_tool(
  flags: dict[str, str], cpus: list[int], timeout_s: float | None
) -> tuple[dict | None, str | None]:
  """Returns (figures, reason), one of them None."""
  with tempfile.TemporaryDirectory(prefix='depth_mai-') as folder:
    result = os.path.join(folder, 'result.json')
    request = {'flags': {**flags, '--result_json': result}, 'cpus': cpus}
    try:
      child = subprocess.run(
        [
          sys.executable,
          '-m',
          'depth_mai.runtime.litert_benchmark',
          json.dumps(request),
        ],
        env={**os.environ, 'PYTHONPATH': environment.import_path()},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
      )
    except subprocess.TimeoutExpired:
      return None, f'{TOOL} was not done after {timeout_s:g} s (--timeout_s).'
    try:
      with open(result, encoding='utf-8') as stream:
        return read_result(stream.read()), None
    except (OSError, ValueError) as error:
      words = child.stderr.strip().splitlines()[-1:] or [str(error)]
      return None, f'{TOOL} ended with code {child.returncode}: {words[0]}'


def read_result(text: str) -> dict:
  """Takes the figures out of the tool's JSON.

  Args:
    text: what its --result_json writes.

  Returns:
    The figures, see `measure`.

  Raises:
    ValueError: it is no such JSON.
  """
  result = json.loads(text)
  try:
    figures = {ours: result['latency'][theirs] for ours, theirs in _FIGURES}
    return {**figures, 'fully_accelerated': result['fully_accelerated']}
  except (KeyError, TypeError) as error:
    raise ValueError(f'{TOOL} gave other JSON: {error!r} is missing') from error


def _main(request: str) -> None:
  """Pins this process and becomes the tool."""
  asked = json.loads(request)
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
