# SPDX-License-Identifier: Apache-2.0
"""Holds the verdict on a file, and formats it as JSON and as text."""

import dataclasses

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.metrics import table
from depth_mai.runtime import target_run

FORMAT = 'depth_mai.judge/1'
ACCEPTED, REJECTED = 'accepted', 'rejected'


class FileFaultError(Exception):
  """A fault of the file; its text becomes an error in the verdict."""


@dataclasses.dataclass
class Verdict:
  """A file and its measurements; each stage fills in a part.

  Attributes:
    file: dict with name, bytes and sha256 (None if the file is too large).
    data: dict with split and images (the number measured).
    errors: why the file is rejected; empty if it is accepted.
    warnings: doubts about the figures, and layers that are not in force.
    operators: result of `static_check.check`, and target_run, the record of a
      `target_run.TargetRun` (None if the target runtime was not run); None
      before that stage.
    interface: dict from 'input', 'output', 'layout', 'input_range' and 'unit'
      to {value, why}, or None.
    metrics: result of `DepthMetrics.result`, or None.
    device: result of the device's `describe`, or None.
    runtime: result of `placing.choose_runtime`, or None.
    standing: result of `placing.place`, or None.
    pictures: list of dict with id, file (its name in pictures_dir), si_rmse.
    limits: the `request.Limits` as a dict.
    protection: dict from a layer of the sandbox to 'in force', or to why it is
      not.
    seconds: dict from a stage to its seconds.
  """

  file: dict
  data: dict
  errors: list[str] = dataclasses.field(default_factory=list)
  warnings: list[str] = dataclasses.field(default_factory=list)
  operators: dict | None = None
  interface: dict | None = None
  metrics: dict | None = None
  device: dict | None = None
  runtime: dict | None = None
  standing: dict | None = None
  pictures: list[dict] = dataclasses.field(default_factory=list)
  limits: dict = dataclasses.field(default_factory=dict)
  protection: dict = dataclasses.field(default_factory=dict)
  seconds: dict = dataclasses.field(default_factory=dict)

  @property
  def accepted(self) -> bool:
    """Whether the file has no errors."""
    return not self.errors

  def to_json(self) -> dict:
    """Returns the verdict as a dict for JSON.

    Returns:
      dict with format, verdict ('accepted' or 'rejected'), the attributes, and
      at the top level the main figures: si_rmse, rmse (metres), log10, rel,
      runtime_ms, score, rank; None where not measured. With a predicted runtime
      runtime_ms, score and rank are None: the intervals are in `standing`.
    """
    metrics, standing = self.metrics or {}, self.standing or {}
    return {
      'format': FORMAT,
      'verdict': ACCEPTED if self.accepted else REJECTED,
      **{name: metrics.get(name) for name in challenge.METRICS},
      'runtime_ms': (self.runtime or {}).get('runtime_ms'),
      'score': standing.get('score'),
      'rank': standing.get('rank'),
      **dataclasses.asdict(self),
    }

  def to_text(self) -> str:
    """Returns the verdict as several lines of text."""
    blocks = [
      self._heading(),
      _listed('Errors', self.errors),
      self._interface_lines(),
      self._operator_lines(),
      self._metrics_lines(),
      self._runtime_lines(),
      _listed('Warnings', self.warnings),
      self._protection_line(),
    ]
    return printable.printable_lines('\n\n'.join(filter(None, blocks)))

  def _heading(self) -> str:
    sha256 = self.file['sha256']
    return (
      f'{"ACCEPTED" if self.accepted else "REJECTED"}: {self.file["name"]}\n'
      f'{self.file["bytes"]:,} bytes, '
      + (f'sha256 {sha256}' if sha256 else 'not read')
    )

  def _interface_lines(self) -> str:
    if self.interface is None:
      return ''
    return '\n'.join(
      f'{what.replace("_", " "):12}{found["value"]} ({found["why"]})'
      for what, found in self.interface.items()
    )

  def _operator_lines(self) -> str:
    if self.operators is None:
      return ''
    found = ', '.join(
      f'{count} {name}' for name, count in self.operators['histogram'].items()
    )
    target = self.operators['target_runtime']
    run = self.operators.get('target_run')
    return (
      f'Operators   {found}.\nThey need TFLite '
      f'{self.operators["min_runtime"]}; the target is {target}.\n'
      f'{run["text"] if run else target_run.not_run(target)}'
    )

  def _metrics_lines(self) -> str:
    if self.metrics is None:
      return ''
    return f'On {self.data["split"]}: {table.metrics_tables(self.metrics)}'

  def _runtime_lines(self) -> str:
    runtime, standing = self.runtime, self.standing
    if runtime is None or standing is None or self.device is None:
      return ''
    time = 'neither measured nor predicted, as such files have no calibration'
    score, rank = 'none', 'none'
    places = f'of {standing["of"]}, among the rows of Table 1'
    if runtime['runtime_ms'] is not None:
      plain = runtime['runtime_ms_no_xnnpack']
      time = (
        f'{runtime["runtime_ms"]:.2f} ms, median of {runtime["runs"]} runs, '
        f'threads: {runtime["threads"]}'
        + (f' ({plain:.2f} ms without XNNPACK)' if plain is not None else '')
      )
      score, rank = f'{standing["score"]:.1f}', f'{standing["rank"]} {places}'
    elif None not in (runtime['predicted_ms_low'], standing['score_low']):
      time = (
        f'PREDICTED {runtime["predicted_ms_low"]:.0f} to '
        f'{runtime["predicted_ms_high"]:.0f} ms, XNNPACK '
        f'{"on" if runtime["xnnpack"] else "off"}'
      )
      score = (
        f'PREDICTED {standing["score_low"]:.1f} to {standing["score_high"]:.1f}'
      )
      rank = (
        f'PREDICTED {standing["rank_best"]} to {standing["rank_worst"]} '
        f'{places}'
      )
    lines = [
      f'Device      {self.device["name"]}',
      f'Runtime     {time}',
      f'Score       {score}',
      f'Rank        {rank}',
    ]
    if runtime['instructions'] is not None:
      lines.append(f'Counted     {runtime["instructions"]:,.0f} instructions')
    return '\n'.join([*lines, *standing['notes']])

  def _protection_line(self) -> str:
    if not self.protection:
      return ''
    present = [
      layer for layer, state in self.protection.items() if state == 'in force'
    ]
    return f'Sandbox layers in force: {", ".join(present) or "none"}.'


def _listed(title: str, texts: list[str]) -> str:
  if not texts:
    return ''
  return '\n'.join([f'{title}:', *(f'  - {text}' for text in texts)])
