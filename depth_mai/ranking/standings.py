# SPDX-License-Identifier: Apache-2.0
"""Assembles the leaderboard, the content of leaderboard.json.

  format      'depth_mai.leaderboard/1'.
  title       one line, such as 'Leaderboard on validation of indoor'.
  created     ISO 8601, UTC: '2026-03-01T12:00:00+00:00'.
  device      where the runtimes are of: kind (see devices/device.py), name,
              architecture, cpu_count, os, is_raspberry_pi, runtime,
              runtime_version, threads, warmup and runs (of each time
              measured), note (what its runtimes say and what they do not).
  runtimes    'measured', or 'predicted' from the instructions of an emulated
              device.
  data        what the errors are of: data_dir_name, split, images (measured),
              fingerprint (of the files' bytes).
  score_constant
              K of Score = K * 2^(-20 si-RMSE) / runtime in ms.
  rows        one for each system, the best first:
    rank        1, 2, ...; equal scores share a rank.
    system      its name, unique: 'tcl', or 'tcl_96x128' for a variant.
    team        as the report writes it; None for a system of no report row.
    precision   of the file judged: 'fp32', 'fp16', 'int8', 'dynamic',
                'int16x8'. It is the one that was submitted, where that is
                there.
    submitted_precision
                what the report's team submitted, inferred from the sizes;
                None for a system of no report row.
    file        relative to the folder of models.
    sha256      of the file.
    parameters  weights and biases in the file.
    macs        multiply-accumulates for one image; None where those of an
                operator are not known.
    size_mb     of the file, MB of 10^6 bytes.
    sizes_mb    {'fp32', 'fp16', 'int8', ...}: of all files of this system;
                the first three keys are always there, None where there is no
                such file.
    size_difference_percent
                of size_mb from the report's; None without a report row.
    report      the report's own row: team, size_mb, si_rmse, rmse (metres),
                log10, rel, runtime_ms, score, rank (by score). Its errors are
                of the challenge's test images, its runtime of a Raspberry Pi
                4, so neither compares with ours. None for a system of no
                report row.
    runtime_ms  median of one inference with XNNPACK; in precisions None
                where a device predicts none.
    runtime_ms_no_xnnpack
                the same with the built-in kernels only.
    instructions, instructions_no_xnnpack
                of one inference where the device is emulated, else None; then
                the runtimes are the middle of what is predicted from them.
    partitions  pieces of the graph that XNNPACK took; None: not known.
    si_rmse, rmse (metres), log10, rel
                means over the images.
    score       of si_rmse and runtime_ms.
  precisions  the same systems in the same order: system, and files, a dict
              from precision to file, size_mb, parameters, runtime_ms,
              runtime_ms_no_xnnpack, partitions, si_rmse, rmse, log10, rel,
              score, and si_rmse_change, the relative change to the 'fp32'
              file (0.01: one per cent worse; None without such a file).
  spearman    rank correlation with the report, over the systems that have a
              report row of their own name: runtime_ms, runtime_ms_no_xnnpack,
              macs, and on an emulated device instructions and
              instructions_no_xnnpack with the report's runtime, si_rmse with
              its si-RMSE, score with its score; each {'rho', 'systems'}, rho
              None for fewer than three systems.
  missing     systems of the report without a judged file.
  problems    files that could not be judged: one text each, with the cure.
  notes       what a reader must know before quoting a number, a text each;
              device's note is among them.

All numbers are plain; a number that is not known is None.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime

from depth_mai.devices import measurements
from depth_mai.metrics import paper_results as paper_results
from depth_mai.metrics import score as score_lib
from depth_mai.ranking import judge
from depth_mai.runtime import metadata as metadata_lib

FORMAT = 'depth_mai.leaderboard/1'
# Of these there is always a size, if only None.
SHOWN_PRECISIONS = ('fp32', 'fp16', 'int8')
ERRORS = ('si_rmse', 'rmse', 'log10', 'rel')

REPORT_NOTE = (
  "The report's own rows (Table 1) are of the challenge's test images and of "
  "the organisers' Raspberry Pi 4 with TensorFlow Lite 2.5.0: other data and "
  'another device. Compare the order of the systems, not the figures.'
)

# Load average, as a part of the CPUs, from which on other programs disturb.
_BUSY = 0.5
_FEWEST_FOR_RHO = 3
# Measure of a row: measure of the report's row that it is held against.
_CORRELATED = {
  'runtime_ms': 'runtime_ms',
  'runtime_ms_no_xnnpack': 'runtime_ms',
  'instructions': 'runtime_ms',
  'instructions_no_xnnpack': 'runtime_ms',
  'macs': 'runtime_ms',
  'si_rmse': 'si_rmse',
  'score': 'score',
}


def assemble(
  judged: Sequence[judge.Judged],
  data: dict,
  device: dict,
  problems: Iterable[str] = (),
  score_constant: float = score_lib.SCORE_CONSTANT,
  created: datetime.datetime | None = None,
) -> dict:
  """Puts together what was judged.

  Args:
    judged: the files, no two of one system and precision.
    data: of `data_fingerprint.describe`.
    device: of a device's `describe`, with threads as one number.
    problems: what is wrong with other files, a text each.
    score_constant: K of the score.
    created: when, with its time zone; default: now.

  Returns:
    The content of leaderboard.json, see above.

  Raises:
    ValueError: if nothing was judged, or the score's constant is not positive.
  """
  if not judged:
    raise ValueError(
      '\n'.join(['No file could be judged.', *(str(text) for text in problems)])
    )
  by_system = {}
  for one in judged:
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
  created = created or datetime.datetime.now(datetime.UTC)
  return {
    'format': FORMAT,
    'title': f'Leaderboard on {data["split"]} of {data["data_dir_name"]}',
    'created': created.astimezone(datetime.UTC).isoformat(timespec='seconds'),
    'device': device,
    'runtimes': _kind_of_runtimes(judged),
    'data': data,
    'score_constant': score_constant,
    'rows': rows,
    'precisions': [
      _precisions_row(row['system'], by_system[row['system']], score_constant)
      for row in rows
    ],
    'spearman': _correlations(rows),
    'missing': [
      name for name in paper_results.SYSTEMS if name not in by_system
    ],
    'problems': [str(text) for text in problems],
    'notes': [
      REPORT_NOTE,
      device['note'],
      *_notes(rows),
      *_busy_notes(judged, device['cpu_count']),
    ],
  }


def _choose(files: dict[str, judge.Judged]) -> judge.Judged | None:
  """Returns the file of the precision that was submitted, or else another.

  What has no runtime cannot be ranked; None where no file has one.
  """
  whose = next(iter(files.values())).model.report_system
  order = [
    paper_results.SUBMITTED_PRECISION.get(whose),
    *metadata_lib.PRECISIONS,
  ]
  timed = [one for one in files.values() if one.times['runtime_ms'] is not None]
  return min(
    timed, key=lambda one: order.index(one.model.precision), default=None
  )


def _row(chosen, files, score_constant):
  model = chosen.model
  report = paper_results.ROWS.get(model.report_system)
  sizes_mb = dict.fromkeys(SHOWN_PRECISIONS)
  sizes_mb |= {precision: one.size_mb for precision, one in files.items()}
  return {
    'rank': None,
    'system': model.system,
    'team': report and report.team,
    'precision': model.precision,
    'submitted_precision': paper_results.SUBMITTED_PRECISION.get(
      model.report_system
    ),
    'sha256': model.sha256,
    'sizes_mb': sizes_mb,
    'size_difference_percent': report
    and 100 * (chosen.size_mb / report.size_mb - 1),
    'report': report and _report_record(report),
    **_figures(chosen, score_constant),
  }


def _kind_of_runtimes(judged: Sequence[judge.Judged]) -> str:
  counted = any(one.times['instructions'] is not None for one in judged)
  return 'predicted' if counted else 'measured'


def _figures(judged: judge.Judged, score_constant: float) -> dict:
  """Returns what is measured of one file."""
  errors = {name: judged.metrics[name] for name in ERRORS}
  runtime_ms = judged.times['runtime_ms']
  return {
    'file': judged.model.file,
    'size_mb': judged.size_mb,
    'parameters': judged.parameters,
    'macs': judged.macs,
    'runtime_ms': runtime_ms,
    'runtime_ms_no_xnnpack': judged.times['runtime_ms_no_xnnpack'],
    'instructions': judged.times['instructions'],
    'instructions_no_xnnpack': judged.times['instructions_no_xnnpack'],
    'partitions': judged.times['partitions'],
    **errors,
    'score': runtime_ms
    and score_lib.challenge_score(
      errors['si_rmse'], runtime_ms, score_constant
    ),
  }


def _report_record(report: paper_results.PaperRow) -> dict:
  record = dataclasses.asdict(report)
  system = record.pop('system')
  return record | {'rank': paper_results.score_ranks()[system]}


def _precisions_row(system, files, score_constant):
  reference = files.get('fp32')
  figures = {}
  for precision in metadata_lib.PRECISIONS:
    if precision not in files:
      continue
    figures[precision] = _figures(files[precision], score_constant)
    del figures[precision]['macs']
    figures[precision]['si_rmse_change'] = reference and (
      files[precision].metrics['si_rmse'] / reference.metrics['si_rmse'] - 1
    )
  return {'system': system, 'files': figures}


def _correlations(rows: list[dict]) -> dict[str, dict]:
  # A variant would count its system twice.
  named = [row for row in rows if row['system'] in paper_results.ROWS]
  found = {}
  for ours, theirs in _CORRELATED.items():
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


def _notes(rows: list[dict]) -> list[str]:
  return [
    f'{row["system"]}: {row["precision"]} stands in for the '
    f'{row["submitted_precision"]} that was submitted, of which there is no '
    'judged file with a runtime.'
    for row in rows
    if row['submitted_precision'] not in (None, row['precision'])
  ]


def _busy_notes(
  judged: Sequence[judge.Judged], cpu_count: int | None
) -> list[str]:
  busy = [
    one.model.file
    for one in judged
    if (one.times['load_average'] or 0.0) > _BUSY * (cpu_count or float('inf'))
  ]
  if not busy:
    return []
  return [
    'Other programs were running while these files were timed, so their '
    f'runtimes and scores are doubtful: {", ".join(busy)}. Remove the lines '
    f'with "kind": "{measurements.KIND}" and their SHA-256 from the file of '
    '--store and run again when the machine is idle.'
  ]
