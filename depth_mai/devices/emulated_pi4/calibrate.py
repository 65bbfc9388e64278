# SPDX-License-Identifier: Apache-2.0
r"""Fits times that were measured on a Raspberry Pi 4 to counted instructions.

The table is a .csv file with a line for each network and the columns

  model, dtype (fp32, fp16 or int8), instructions_m (millions, of the kernels
  that --xnnpack names), parameters_m (millions), median_ms;
  optional: activation_mb (of the operators that multiply), family.

Flags give other names. Rows without all figures are left out. The interval of a
prediction covers each network with its family left out of the fit, so the table
should contain several families.

Example:
  python -m depth_mai.devices.emulated_pi4.calibrate --table=mine.csv \
    --name='my Raspberry Pi 4, one thread' --output=mine.json
  python -m depth_mai.benchmark --model=tcl \
    --device='emulated_pi4?calibration=mine.json'
"""

from absl import flags

from depth_mai import program
from depth_mai.devices.emulated_pi4 import fitting
from depth_mai.devices.emulated_pi4 import prediction

_TABLE = flags.DEFINE_string(
  'table', None, 'The .csv file to fit.', required=True
)
_NAME = flags.DEFINE_string(
  'name', 'own', 'Name of the calibration, which reports show.'
)
_SOURCE = flags.DEFINE_string(
  'source', None, 'Source of the figures; the default is the name of the table.'
)
_NOTE = flags.DEFINE_string(
  'note', '', 'Limits of the calibration, which reports show.'
)
_NUMBERS = flags.DEFINE_list(
  'numbers',
  ['float'],
  'Numbers of the networks to fit: float, int8, or float,int8 for both.',
)
_XNNPACK = flags.DEFINE_bool(
  'xnnpack',
  True,
  "The counts are those of XNNPACK's kernels; --noxnnpack: of the built-in "
  'kernels.',
)
_TIME_COLUMN = flags.DEFINE_string(
  'time_column', 'median_ms', 'Column of the measured times, milliseconds.'
)
_COLUMNS = {
  key: flags.DEFINE_string(f'{key}_column', default, f'Column of {content}.')
  for key, default, content in (
    ('instructions', 'instructions_m', 'instructions, millions'),
    ('parameters', 'parameters_m', 'parameters, millions; "" to ignore them'),
    ('activation', None, 'activations, megabytes; by default they are ignored'),
    ('family', None, "families; by default a name's beginning is its family"),
  )
}
_OTHER_TIME_COLUMNS = flags.DEFINE_list(
  'other_time_columns',
  [],
  'Columns of times, milliseconds, that are not fitted but widen the interval.',
)
_OUTPUT = program.flag('output', 'The .json file to write the calibrations to.')


def format_calibration(one: prediction.Calibration) -> str:
  """Returns a calibration as text, several lines."""
  terms = ' + '.join(
    f'{weight:g}' if name == 'constant' else f'{weight:g} {name}'
    for name, weight in one.weights_ms.items()
  )
  kernels = 'with XNNPACK' if one.xnnpack else 'without XNNPACK'
  return (
    f'{one.name}: {one.numbers}, {kernels}, {one.models} models\n'
    f'  ms = {terms}\n'
    f'  mean error {one.error:.1%} with the model left out, '
    f'{one.family_error:.1%} with its family left out\n'
    f'  interval: {one.low:.2f} to {one.high:.2f} times the prediction'
  )


def main(argv: list[str]) -> None:
  """Fits the calibrations, prints them and writes them to --output."""
  program.no_arguments(argv)
  features = {
    'instructions_m': _COLUMNS['instructions'].value,
    'parameters_m': _COLUMNS['parameters'].value,
    'activation_mb': _COLUMNS['activation'].value,
  }
  columns = fitting.Columns(
    time_ms=_TIME_COLUMN.value,
    features={key: name for key, name in features.items() if name},
    family=_COLUMNS['family'].value,
    other_times_ms=tuple(_OTHER_TIME_COLUMNS.value),
  )
  made = [
    fitting.fit_table(
      _TABLE.value,
      columns,
      numbers,
      _XNNPACK.value,
      _NAME.value,
      _SOURCE.value or _TABLE.value,
      _NOTE.value,
    )
    for numbers in _NUMBERS.value
  ]
  for one in made:
    print(format_calibration(one))
  if _OUTPUT.value:
    prediction.write_calibrations(_OUTPUT.value, made)


if __name__ == '__main__':
  program.run(main)
