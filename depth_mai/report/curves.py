# SPDX-License-Identifier: Apache-2.0
"""Draws the training and validation curves of one or several runs.

  python -m depth_mai.report.curves --output=curves.png RUN_DIR [RUN_DIR...]

Needs matplotlib: pip install '.[report]'.
"""

from absl import app
from absl import flags

from depth_mai import program
from depth_mai.report import curve_figure

_OUTPUT = program.flag(
  'output', 'Picture to write, such as curves.png.', required=True
)
_METRICS = flags.DEFINE_list(
  'metrics',
  None,
  'Metrics to draw, separated by commas; by default those of loss, si_rmse, '
  'rmse, log10 and rel that the logs contain.',
)
_REFERENCES = flags.DEFINE_multi_string(
  'reference',
  [],
  'A horizontal line to compare with: NAME:VALUE for the si-RMSE, or '
  'METRIC/NAME:VALUE for another metric.',
)
_TIME = flags.DEFINE_enum(
  'time', 'step', list(curve_figure.TIMES), 'Unit of the horizontal axis.'
)


def main(argv: list[str]) -> None:
  """Draws the curves of the workdirs named on the command line."""
  if len(argv) < 2:
    raise app.UsageError('Name at least one workdir of a run.')
  curve_figure.save_curves(
    _OUTPUT.value,
    argv[1:],
    metrics=_METRICS.value,
    references=[curve_figure.parse_reference(r) for r in _REFERENCES.value],
    time_key=_TIME.value,
  )
  print(f'Wrote {_OUTPUT.value}.')


if __name__ == '__main__':
  program.run(main)
