# SPDX-License-Identifier: Apache-2.0
"""What is known of a .tflite file that was made: for people and as JSON."""

from collections.abc import Sequence
import dataclasses
import pathlib

from depth_mai.lite import parity as parity_lib
from depth_mai.runtime import delegation
from depth_mai.runtime import operators


@dataclasses.dataclass(frozen=True)
class ExportedFile:
  """A file that was made, or refused.

  Attributes:
    path: where it is, or would be.
    precision: of its numbers.
    written: whether it is there.
    size_bytes: of the file.
    parameters: stored weights and biases.
    delegated: what XNNPACK took of the graph; None if the runtime is silent.
    report: see operators.OperatorReport.
    parity: distance from Keras.
  """

  path: pathlib.Path
  precision: str
  written: bool
  size_bytes: int
  parameters: int
  delegated: delegation.Delegation | None
  report: operators.OperatorReport
  parity: parity_lib.Parity

  @property
  def partitions(self) -> int | None:
    """Pieces that XNNPACK took; 1 with nothing outside is the best."""
    return self.delegated and self.delegated.partitions

  def record(self) -> dict:
    """Returns the content of the JSON file beside the .tflite file."""
    return {
      'file': self.path.name,
      'precision': self.precision,
      'size_bytes': self.size_bytes,
      'parameters': self.parameters,
      'partitions': self.partitions,
      'outside_delegate': self.delegated and self.delegated.outside,
      'operators': self.report.histogram,
      'runtime_check': check_record(self.report),
      'parity': self.parity.record(),
    }


def check_record(report: operators.OperatorReport) -> dict:
  """Returns what a check of operators found, ready for JSON."""
  return {
    'target_runtime': report.target_runtime,
    'compatible': report.compatible,
    'min_runtime': report.min_runtime,
    'declared_min_runtime': report.declared_min_runtime,
    'problems': [str(problem) for problem in report.problems],
  }


def table(files: Sequence[ExportedFile]) -> str:
  """Returns the files' figures as text, with what was refused and why."""
  lines = [
    f'{"file":<28} {"MB":>7} {"params":>9} {"runtime":>8} {"parts":>5} '
    f'{"max mm":>9} {"mean rel":>9} {"si-RMSE":>9}'
  ]
  for file in files:
    lines.append(
      f'{file.path.name:<28} {file.size_bytes / 1e6:>7.3f} '
      f'{file.parameters:>9} {file.report.min_runtime:>8} '
      f'{file.partitions!s:>5} {file.parity.max_abs_mm:>9.3g} '
      f'{file.parity.mean_relative:>9.2g} {file.parity.si_rmse:>9.2g}'
    )
  lines.append(
    'runtime: oldest TFLite release that runs the file; parts: partitions '
    'taken by XNNPACK; the rest: distance from Keras.'
  )
  for file in files:
    if not file.report.compatible:
      target = file.report.target_runtime
      what = 'is written, but' if file.written else 'is NOT written:'
      lines.append(f'{file.path.name} {what} TFLite {target} cannot run it.')
      lines.append(file.report.message())
  return '\n'.join(lines)
