# SPDX-License-Identifier: Apache-2.0
"""Assembles the leaderboard, the content of leaderboard.json.

  format      'depth_mai.leaderboard/1'.
  title       one line, such as 'Leaderboard on validation of indoor'.
  created     ISO 8601, UTC: '2026-03-01T12:00:00+00:00'.
  device      the device on which the runtimes were measured: kind (see
              devices/device.py), name, architecture, cpu_count, os,
              is_raspberry_pi, runtime, runtime_version, threads, warmup and
              runs (of each measurement), note (the meaning of its runtimes).
  runtimes    'measured', or 'predicted' from the instructions of an emulated
              device.
  data        the data on which the errors were measured: data_dir_name, split,
              images (measured), fingerprint (of the files' bytes).
  score_constant
              K of Score = K * 2^(-20 si-RMSE) / runtime in ms.
  rows        one for each system, the best first:
    rank        1, 2, ...; equal scores share a rank.
    system      its unique name: 'tcl', or 'tcl_96x128' for a variant.
    team        as in Table 1; None for a system that is not in Table 1.
    precision   of the ranked file: 'fp32', 'fp16', 'int8', 'dynamic',
                'int16x8'; the submitted precision, if there is such a file.
    submitted_precision
                precision of the team's file, inferred from the sizes in Table
                1; None for a system that is not in it.
    file        path relative to the folder of models.
    sha256      of the file.
    parameters  weights and biases in the file.
    interface   how the file was read: unit, input_range, layout,
                output_tensor (the place of the depth map among the outputs),
                input_size.
    macs        multiply-accumulates for one image; None if those of an
                operator are unknown.
    size_mb     of the file, MB of 10^6 bytes.
    sizes_mb    {'fp32', 'fp16', 'int8', ...}: of all files of this system;
                the first three keys are always present, None if there is no
                such file.
    size_difference_percent
                of size_mb from the size in Table 1; None without a row there.
    report      the system's row of Table 1 in the paper: team, size_mb,
                si_rmse, rmse (metres), log10, rel, runtime_ms, score, rank (by
                score). Its errors are measured on the challenge's test images,
                its runtime on a Raspberry Pi 4, so neither compares with ours.
                None for a system that is not in Table 1.
    runtime_ms  median of one inference with XNNPACK; None in precisions if a
                device predicts none.
    runtime_ms_no_xnnpack
                the same with the built-in kernels only.
    instructions, instructions_no_xnnpack
                of one inference on an emulated device, else None; the runtimes
                are then the middle of the interval predicted from them.
    partitions  pieces of the graph that XNNPACK runs; None if unknown.
    si_rmse, rmse (metres), log10, rel
                means over the images.
    score       of si_rmse and runtime_ms.
  precisions  the same systems in the same order: system, and files, a dict
              from precision to file, size_mb, parameters, runtime_ms,
              runtime_ms_no_xnnpack, instructions, instructions_no_xnnpack,
              partitions, si_rmse, rmse, log10, rel, score, and si_rmse_change,
              the relative change from the 'fp32' file (0.01: one per cent
              worse; None without such a file).
  spearman    rank correlations with Table 1, over the systems that have a row
              of their own name there: runtime_ms, runtime_ms_no_xnnpack,
              macs, and on an emulated device instructions and
              instructions_no_xnnpack with its runtime, si_rmse with its
              si-RMSE, score with its score; each {'rho', 'systems'}, rho None
              for fewer than three systems.
  missing     systems of Table 1 without a measured file.
  problems    a text for each file that could not be judged, with the cure.
  notes       texts to read before quoting a number, among them the device's
              note, and how files were read that do not state their interface.

All numbers are plain; an unknown number is None.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime

from depth_mai import challenge
from depth_mai.devices import store as store_lib
from depth_mai.metrics import paper_results
from depth_mai.metrics import score as score_lib
from depth_mai.ranking import measuring
from depth_mai.runtime import benchmark_report
from depth_mai.runtime import metadata as metadata_lib

FORMAT = 'depth_mai.leaderboard/1'
# These precisions always have a size, None if there is no such file.
SHOWN_PRECISIONS = ('fp32', 'fp16', 'int8')

PAPER_NOTE = (
  "The paper's own rows (Table 1) were measured on the challenge's test images "
  "and the organisers' Raspberry Pi 4 with TensorFlow Lite "
  f'{challenge.RUNTIME}: other data and another device. Compare the order of '
  'the systems, not the figures.'
)

_FEWEST_FOR_RHO = 3
# Our figure -> (the figure of Table 1 to compare it with, our figure's title).
CORRELATED = {
  'runtime_ms': ('runtime_ms', 'runtime with XNNPACK'),
  'runtime_ms_no_xnnpack': ('runtime_ms', 'runtime without XNNPACK'),
  'instructions': ('runtime_ms', 'instructions with XNNPACK'),
  'instructions_no_xnnpack': ('runtime_ms', 'instructions without XNNPACK'),
  'macs': ('runtime_ms', 'MACs'),
  'si_rmse': ('si_rmse', 'si-RMSE'),
  'score': ('score', 'score'),
}


def assemble(
  measured: Sequence[measuring.Measured],
  data: dict,
  device: dict,
  problems: Iterable[str] = (),
  score_constant: float = score_lib.SCORE_CONSTANT,
  created: datetime.datetime | None = None,
) -> dict:
  """Assembles the leaderboard.

  Args:
    measured: the files, no two of the same system and precision.
    data: result of `measuring.describe_split`.
    device: result of a device's `describe`, with threads as one number.
    problems: a text for each file that failed.
    score_constant: K of the score.
    created: time of creation, with time zone; default: now.

  Returns:
    The content of leaderboard.json, see above.

  Raises:
    ValueError: if no file was measured, or score_constant is not positive.
  """
  if not measured:
    raise ValueError(
      '\n'.join(['No file could be judged.', *(str(text) for text in problems)])
    )
  by_system: dict[str, dict[str, measuring.Measured]] = {}
  for one in measured:
    files = by_system.setdefault(one.model.system, {})
    files[one.model.precision] = one
  rows = [
    _row(chosen, files, score_constant)
    for files in by_system.values()
    if (chosen := _choose(files)) is not None
  ]
  rows.sort(key=lambda row: (-row['score'], row['system']))
  for row in rows:
    row['rank'] = 1 + sum(other['score'] > row['score'] for other in rows)
  emulated = any(one.figures['instructions'] is not None for one in measured)
  created = created or datetime.datetime.now(datetime.UTC)
  return {
    'format': FORMAT,
    'title': f'Leaderboard on {data["split"]} of {data["data_dir_name"]}',
    'created': created.astimezone(datetime.UTC).isoformat(timespec='seconds'),
    'device': device,
    'runtimes': 'predicted' if emulated else 'measured',
    'data': data,
    'score_constant': score_constant,
    'rows': rows,
    'precisions': [
      {
        'system': row['system'],
        'files': _by_precision(by_system[row['system']], score_constant),
      }
      for row in rows
    ],
    'spearman': _correlations(rows),
    'missing': [
      name for name in paper_results.SYSTEMS if name not in by_system
    ],
    'problems': [str(text) for text in problems],
    'notes': [
      PAPER_NOTE,
      device['note'],
      *_interface_notes(measured),
      *_stand_in_notes(rows),
      *_busy_notes(measured, device['cpu_count']),
    ],
  }


def _choose(
  files: dict[str, measuring.Measured],
) -> measuring.Measured | None:
  """Returns the file of the submitted precision, or else another.

  A file without a runtime cannot be ranked; None if no file has one.
  """
  system = next(iter(files.values())).model.paper_system
  order = [
    paper_results.SUBMITTED_PRECISION.get(system or ''),
    *metadata_lib.PRECISIONS,
  ]
  return min(
    (one for one in files.values() if one.figures['runtime_ms'] is not None),
    key=lambda one: order.index(one.model.precision),
    default=None,
  )


def _row(
  chosen: measuring.Measured,
  files: dict[str, measuring.Measured],
  score_constant: float,
) -> dict:
  model, paper = chosen.model, None
  row = paper_results.ROWS.get(model.paper_system or '')
  if row is not None:
    paper = dataclasses.asdict(row)
    paper['rank'] = paper_results.score_ranks()[paper.pop('system')]
  figures = _scored(chosen, score_constant)
  return {
    'rank': None,
    'system': model.system,
    'team': paper and paper['team'],
    'precision': model.precision,
    'submitted_precision': paper_results.SUBMITTED_PRECISION.get(
      model.paper_system or ''
    ),
    'sha256': model.sha256,
    'sizes_mb': dict.fromkeys(SHOWN_PRECISIONS)
    | {precision: one.figures['size_mb'] for precision, one in files.items()},
    'size_difference_percent': paper
    and 100 * (figures['size_mb'] / paper['size_mb'] - 1),
    'report': paper,
    **figures,
  }


def _scored(measured: measuring.Measured, score_constant: float) -> dict:
  """Returns the figures of a file and its score, None without a runtime."""
  figures = measured.figures
  score = figures['runtime_ms'] and score_lib.challenge_score(
    figures['si_rmse'], figures['runtime_ms'], score_constant
  )
  return {**figures, 'score': score}


def _by_precision(
  files: dict[str, measuring.Measured], score_constant: float
) -> dict[str, dict]:
  """Returns the figures of a system's files by precision."""
  figures = {
    precision: _scored(files[precision], score_constant)
    for precision in metadata_lib.PRECISIONS
    if precision in files
  }
  reference = figures.get('fp32')
  for one in figures.values():
    del one['macs']
    one.pop('interface', None)
    one['si_rmse_change'] = (
      reference and one['si_rmse'] / reference['si_rmse'] - 1
    )
  return figures


def _correlations(rows: list[dict]) -> dict[str, dict]:
  # A variant would count its system twice.
  named = [row for row in rows if row['system'] in paper_results.ROWS]
  found = {}
  for ours, (theirs, _) in CORRELATED.items():
    pairs = [
      (row[ours], row['report'][theirs])
      for row in named
      if row[ours] is not None
    ]
    if not pairs and ours.startswith('instructions'):
      continue
    rho = None
    if len(pairs) >= _FEWEST_FOR_RHO:
      rho = score_lib.spearman(*zip(*pairs, strict=True))
    found[ours] = {'rho': rho, 'systems': len(pairs)}
  return found


def _interface_notes(measured: Sequence[measuring.Measured]) -> list[str]:
  return [f'{one.model.file}: {note}' for one in measured for note in one.notes]


def _stand_in_notes(rows: list[dict]) -> list[str]:
  return [
    f'{row["system"]}: {row["precision"]} is ranked instead of the submitted '
    f'{row["submitted_precision"]}, of which there is no judged file with a '
    'runtime.'
    for row in rows
    if row['submitted_precision'] not in (None, row['precision'])
  ]


def _busy_notes(
  measured: Sequence[measuring.Measured], cpu_count: int | None
) -> list[str]:
  busy = [
    one.model.file
    for one in measured
    if (one.load_average or 0.0)
    > benchmark_report.BUSY * (cpu_count or float('inf'))
  ]
  if not busy:
    return []
  return [
    'Other programs were running while these files were timed, so their '
    f'runtimes and scores are doubtful: {", ".join(busy)}. Remove the lines '
    f'with "kind": "{store_lib.REPORT_KIND}" and their SHA-256 from the '
    '--store file, and run again when the machine is idle.'
  ]
