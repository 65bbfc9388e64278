# SPDX-License-Identifier: Apache-2.0
"""Shows a verdict to people and to programs."""

from collections.abc import Mapping
import json

from depth_mai.judging.web import verdict_view
from depth_mai.web import pages


def html(record: Mapping, why_unsaved: str = '') -> str:
  """Returns the page of a verdict.

  Args:
    record: a file with its verdict, as `Archive` stores it.
    why_unsaved: why it is not on disk; '' if it is.
  """
  verdict = record['verdict']
  return pages.render(
    'judge/verdict.html',
    record=record,
    verdict=verdict,
    state='Accepted' if verdict_view.is_accepted(record) else 'Rejected',
    why_unsaved=why_unsaved,
    data_text=verdict_view.data_text(record['data'], verdict.get('data')),
    device=verdict.get('device') or {},
    figures=verdict_view.figures(verdict),
    table_1=verdict_view.table_1(record),
    pictures=verdict_view.pictures(record),
    interface=verdict_view.interface(verdict),
    facts=verdict_view.facts(record),
  )


def content(record: Mapping, stored: bool) -> dict:
  """Returns a verdict for programs.

  Args:
    record: a file with its verdict, as `Archive` stores it.
    stored: whether it is on disk, and not in the server's memory only.
  """
  return {
    **record,
    'state': record['verdict']['verdict'],
    'stored': stored,
    'page': f'/verdicts/{record["id"]}',
    'pictures': [address for address, *_ in verdict_view.pictures(record)],
  }


def check(record: Mapping) -> None:
  """Shows a verdict once, so that a damaged one cannot fail in a page later.

  Args:
    record: a file with its verdict, as `Archive` stores it.

  Raises:
    Exception: of any type, if something is missing or of another type.
  """
  html(record).encode()
  json.dumps(content(record, True), allow_nan=False)
  verdict_view.by_data([record], record['data'])
  verdict_view.leaderboard([record])
  verdict_view.rejected([record])
