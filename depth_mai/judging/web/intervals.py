# SPDX-License-Identifier: Apache-2.0
"""Figures of a verdict whose runtime is predicted: intervals, named as such."""

from collections.abc import Mapping

PREDICTED = 'predicted'


def predicted(verdict: Mapping) -> dict[str, tuple[float, float]]:
  """Returns what stands in for runtime_ms, score and rank.

  Args:
    verdict: of `Verdict.to_json`.

  Returns:
    (lowest, highest) of each; empty where the runtime was measured, or there is
    none.
  """
  standing = verdict.get('standing') or {}
  runtime = verdict.get('runtime') or {}
  ends = {
    'score': (standing.get('score_low'), standing.get('score_high')),
    'rank': (standing.get('rank_best'), standing.get('rank_worst')),
    'runtime_ms': (
      runtime.get('predicted_ms_low'),
      runtime.get('predicted_ms_high'),
    ),
  }
  return {key: both for key, both in ends.items() if None not in both}


def shown(interval: tuple[float, float], spec: str) -> str:
  """Returns such as '40–55'; one number where both ends look the same.

  Args:
    interval: (lowest, highest).
    spec: format of each.
  """
  low, high = (f'{end:{spec}}' for end in interval)
  return low if low == high else f'{low}–{high}'
