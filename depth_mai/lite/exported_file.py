# SPDX-License-Identifier: Apache-2.0
"""Describes exported .tflite files, as a table and as JSON."""

from collections.abc import Sequence
import dataclasses
import pathlib

from depth_mai.lite import parity as parity_lib
from depth_mai.runtime import delegation
from depth_mai.runtime import operators
from depth_mai.runtime import target_run as target_run_lib


@dataclasses.dataclass(frozen=True)
class ExportedFile:
  """A file that was written or refused.

  Attributes:
    path: its path, whether it is written or not.
    precision: one of converter.PRECISIONS.
    written: whether it was written.
    size_bytes: size of the file.
    parameters: number of stored weights and biases.
    delegated: the operators that XNNPACK runs; None if the runtime does not
      report them.
    report: see operators.OperatorReport.
    parity: distance from Keras' predictions.
    target_run: what the target runtime itself did with the file; None if it was
      not run.
  """

  path: pathlib.Path
  precision: str
  written: bool
  size_bytes: int
  parameters: int
  delegated: delegation.Delegation | None
  report: operators.OperatorReport
  parity: parity_lib.Parity
  target_run: target_run_lib.TargetRun | None = None

  @property
  def compatible(self) -> bool:
    """Whether the target runtime runs the file, by the table and by itself."""
    ran = self.target_run is None or self.target_run.ran
    return ran and self.report.compatible

  @property
  def partitions(self) -> int | None:
    """Number of XNNPACK partitions; 1 with no operator outside is best."""
    return self.delegated.partitions if self.delegated else None

  def record(self) -> dict:
    """Returns the content of the JSON file next to the .tflite file."""
    return {
      'file': self.path.name,
      'precision': self.precision,
      'size_bytes': self.size_bytes,
      'parameters': self.parameters,
      'partitions': self.partitions,
      'outside_delegate': self.delegated and self.delegated.outside,
      'operators': self.report.histogram,
      'runtime_check': {
        **check_record(self.report),
        'target_run': self.target_run and self.target_run.record(),
      },
      'parity': self.parity.record(),
    }


def check_record(report: operators.OperatorReport) -> dict:
  """Returns the result of an operator check for JSON."""
  return {
    'target_runtime': report.target_runtime,
    'compatible': report.compatible,
    'min_runtime': report.min_runtime,
    'declared_min_runtime': report.declared_min_runtime,
    'problems': [str(problem) for problem in report.problems],
  }


def table(files: Sequence[ExportedFile]) -> str:
  """Returns the files' figures as text, with the reasons for refusals."""
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
    'runtime: oldest TFLite release that runs the file; parts: XNNPACK '
    'partitions; the other columns: distance from Keras.'
  )
  for file in files:
    if not file.compatible:
      target = file.report.target_runtime
      what = 'is written, but' if file.written else 'is NOT written:'
      lines.append(f'{file.path.name} {what} TFLite {target} cannot run it.')
      lines += filter(None, [file.report.message()])
    if file.target_run:
      lines.append(f'{file.path.name}: {file.target_run.sentence()}')
  for target in sorted(
    {file.report.target_runtime for file in files if not file.target_run}
  ):
    lines.append(target_run_lib.not_run(target))
  return '\n'.join(lines)
