# SPDX-License-Identifier: Apache-2.0
"""Predicts times on a Raspberry Pi 4 from counts: an interval, never a time."""

from depth_mai.devices.emulated_pi4 import calibration as calibration_lib

_NUMBERS = {'fp32': 'float', 'fp16': 'float', 'int8': 'int8'}


def predict(
  calibrations: list[calibration_lib.Calibration],
  precision: str | None,
  xnnpack: bool,
  features: dict[str, float],
) -> dict:
  """Predicts the time of one inference.

  Args:
    calibrations: to choose from.
    precision: of the file, see runtime/metadata.py.
    xnnpack: whether the counts are those of XNNPACK's kernels.
    features: dict from names of calibration.FEATURES to the file's figures.

  Returns:
    dict, ready for JSON: predicted_ms_low, predicted_ms, predicted_ms_high,
    None where there is no calibration; prediction: a dict of label
    ('predicted, not measured'), calibration, models, error, family_error,
    source and note, or of label and why there is none.
  """
  numbers = _NUMBERS.get(precision)
  for one in calibrations:
    if (one.numbers, one.xnnpack) != (numbers, xnnpack):
      continue
    given = features | {'constant': 1.0}
    middle = sum(
      weight * given[name] for name, weight in one.weights_ms.items()
    )
    return {
      'predicted_ms_low': middle * one.low,
      'predicted_ms': middle,
      'predicted_ms_high': middle * one.high,
      'prediction': {
        'label': 'predicted, not measured',
        'calibration': one.name,
        'models': one.models,
        'error': one.error,
        'family_error': one.family_error,
        'source': one.source,
        'note': one.note,
      },
    }
  kernels = 'with XNNPACK' if xnnpack else 'without XNNPACK'
  return {
    'predicted_ms_low': None,
    'predicted_ms': None,
    'predicted_ms_high': None,
    'prediction': {
      'label': 'not predicted',
      'why': f'There is no calibration for {precision} files {kernels}.',
    },
  }
