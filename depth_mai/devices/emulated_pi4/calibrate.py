# SPDX-License-Identifier: Apache-2.0
r"""Fits times that were measured on a Raspberry Pi 4 to counted instructions.

The table is a .csv file with a line for each network and the columns

  model, dtype (fp32, fp16 or int8), instructions_m (millions, of --xnnpack's
  kernels), parameters_m (millions), median_ms;
  optional: activation_mb (of the operators that multiply), family.

Other names are given by flags. Rows without all figures are left out. The
interval of a prediction holds every network whose family was left out of the
fit; so give networks of several families.

Example:
  python -m depth_mai.devices.emulated_pi4.calibrate --table=mine.csv \
    --name='my Raspberry Pi 4, one thread' --output=mine.json
  python -m depth_mai.benchmark --device=emulated_pi4 --model=tcl \
    --calibration=mine.json
"""

import sys

from absl import app
from absl import flags

from depth_mai.devices.emulated_pi4 import calibration as calibration_lib


def format_calibration(one: calibration_lib.Calibration) -> str:
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
  """Fits, prints, and writes where --output says."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments {argv[1:]}; see --help.')
  features = {
    'instructions_m': _INSTRUCTIONS_COLUMN.value,
    'parameters_m': _PARAMETERS_COLUMN.value,
    'activation_mb': _ACTIVATION_COLUMN.value,
  }
  try:
    made = [
      calibration_lib.fit_table(
        _TABLE.value,
        calibration_lib.Columns(
          time_ms=_TIME_COLUMN.value,
          features={key: name for key, name in features.items() if name},
          family=_FAMILY_COLUMN.value,
          other_times_ms=tuple(_OTHER_TIME_COLUMNS.value),
        ),
        numbers,
        _XNNPACK.value,
        _NAME.value,
        _SOURCE.value or _TABLE.value,
        _NOTE.value,
      )
      for numbers in _NUMBERS.value
    ]
    if _OUTPUT.value:
      calibration_lib.write_calibrations(_OUTPUT.value, made)
  except (ValueError, OSError) as error:
    sys.exit(f'calibrate: {error}')
  for one in made:
    print(format_calibration(one))


if __name__ == '__main__':
  _TABLE = flags.DEFINE_string('table', None, 'The .csv file.', required=True)
  _NAME = flags.DEFINE_string(
    'name', 'own', 'Of the calibration; reports bear it.'
  )
  _SOURCE = flags.DEFINE_string(
    'source', None, 'Where the figures are from; default: the table.'
  )
  _NOTE = flags.DEFINE_string('note', '', 'What the calibration is not for.')
  _NUMBERS = flags.DEFINE_list(
    'numbers', ['float'], 'Of which networks: float, int8 or both.'
  )
  _XNNPACK = flags.DEFINE_bool(
    'xnnpack', True, "Whether the counts are those of XNNPACK's kernels."
  )
  _TIME_COLUMN = flags.DEFINE_string(
    'time_column', 'median_ms', 'Milliseconds.'
  )
  _OTHER_TIME_COLUMNS = flags.DEFINE_list(
    'other_time_columns', [], 'Milliseconds that only widen the interval.'
  )
  _INSTRUCTIONS_COLUMN = flags.DEFINE_string(
    'instructions_column', 'instructions_m', 'Millions of instructions.'
  )
  _PARAMETERS_COLUMN = flags.DEFINE_string(
    'parameters_column', 'parameters_m', 'Millions of parameters; "" for none.'
  )
  _ACTIVATION_COLUMN = flags.DEFINE_string(
    'activation_column', None, 'Megabytes of activations; default: none.'
  )
  _FAMILY_COLUMN = flags.DEFINE_string(
    'family_column', None, "Families; default: the model's name begins so."
  )
  _OUTPUT = flags.DEFINE_string('output', None, 'A .json file to write.')
  app.run(main)
