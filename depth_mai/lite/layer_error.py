# SPDX-License-Identifier: Apache-2.0
"""Measures how much each operator of an int8 file adds to its error.

TensorFlow's QuantizationDebugger measures an operator's own error: it runs a
file in which every quantised operator has a float twin that reads the same
input. It finds no error where numbers are only moved or resized.

The accumulated error, that of all operators up to one, is the distance of the
file's tensor from the float graph's. The debugger reports it, too, but its
float graph starts again from rounded numbers after every resize.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import csv
import dataclasses
import io
import math

import numpy as np
import tensorflow as tf

from depth_mai.lite import flatbuffer
from depth_mai.lite import quantiser
from depth_mai.lite import ranges
from depth_mai.metrics import table

_LARGEST_DB = 99.0
_HEADER = (
  'layer', 'operator', 'step', 'own RMSE / step', 'own SNR, dB', 'RMSE / step',
  'SNR, dB',
)  # fmt: skip
_FORMATS = ('', '', '.3g', '.2f', '.1f', '.2f', '.1f')


@dataclasses.dataclass(frozen=True)
class LayerError:
  """The error of one operator's result, over a few images.

  Attributes:
    layer: name of the operator's layer.
    operator: name of the operator, e.g. 'CONV_2D'.
    step: the difference between two levels of the result.
    own_rmse: error of the operator alone, in the result's unit.
    own_snr_db: ratio of the result's power to that of own_rmse, decibels.
    rmse: accumulated error of all operators up to this one.
    snr_db: ratio of the result's power to that of rmse, decibels.
  """

  layer: str
  operator: str
  step: float
  own_rmse: float
  own_snr_db: float
  rmse: float
  snr_db: float


def check_io_type(io_type: str) -> None:
  """Raises a ValueError for a file whose errors cannot be measured."""
  if io_type != 'float32':
    raise ValueError(
      f'Layer errors are measured with float32 input, not {io_type}. Drop '
      '--io_type or --layer_errors.'
    )


def measure(
  graph: quantiser.CalibratedGraph, images: Sequence[np.ndarray]
) -> list[LayerError]:
  """Measures all quantised operators of a graph.

  Args:
    graph: the calibrated graph of the file.
    images: RGB, each [H, W, 3], 0..255.

  Returns:
    The errors in the order of the graph, without operators that stay in float.

  Raises:
    ValueError: if the file's input is not float32, the only type that the
      debugger can feed.
  """
  check_io_type(graph.io_type)
  own = _own_errors(graph, images)
  found = _distances(graph, images, own)
  return [
    LayerError(
      layer=flatbuffer.layer_name(graph.original_name(name)),
      operator=row['op_name'],
      step=float(row['scale']),
      own_rmse=math.sqrt(float(row['error_power'])),
      own_snr_db=_decibels(float(row['power']), float(row['error_power'])),
      rmse=math.sqrt(found[name][1]),
      snr_db=_decibels(*found[name]),
    )
    for name, row in own.items()
  ]


def markdown(errors: Sequence[LayerError]) -> str:
  """Returns a table, the operator with the largest own error first."""
  rows = [
    (
      error.layer,
      error.operator,
      error.step,
      error.own_rmse / error.step,
      error.own_snr_db,
      error.rmse / error.step,
      error.snr_db,
    )
    for error in sorted(errors, key=lambda error: error.own_snr_db)
  ]
  return table.markdown_table(_HEADER, rows, _FORMATS)


def _own_errors(
  graph: quantiser.CalibratedGraph, images: Sequence[np.ndarray]
) -> dict[str, dict[str, str]]:
  """Returns the debugger's row of each quantised operator, by tensor name."""

  def batches():
    for rgb in images:
      yield [np.asarray(rgb, np.float32)[np.newaxis]]

  debugger = tf.lite.experimental.QuantizationDebugger(
    quant_debug_model_content=flatbuffer.write_model(
      quantiser.quantise_marked(graph, enable_numeric_verify=True)
    ),
    debug_dataset=batches,
    debug_options=tf.lite.experimental.QuantizationDebugOptions(
      layer_direct_compare_metrics={
        'error_power': _error_power,
        'power': _power,
      },
    ),
  )
  debugger.run()
  text = io.StringIO()
  debugger.layer_statistics_dump(text)
  text.seek(0)
  return {row['tensor_name']: row for row in csv.DictReader(text)}


def _distances(
  graph: quantiser.CalibratedGraph,
  images: Sequence[np.ndarray],
  names: Iterable[str],
) -> dict[str, tuple[float, float]]:
  """Returns (power of the signal, power of the error) by tensor name."""
  reference = ranges.open_transparent(graph.content)
  quantised = ranges.open_transparent(
    flatbuffer.write_model(quantiser.quantise_marked(graph))
  )
  reference_indices = {
    detail['name']: detail['index'] for detail in reference.get_tensor_details()
  }
  stored_details = {
    # The name of an int8 tensor before a DEQUANTIZE ends with a number.
    detail['name'].rstrip('0123456789'): detail
    for detail in quantised.get_tensor_details()
    if detail['dtype'] == np.int8
  }
  sums = {name: np.zeros(2) for name in names}
  for rgb in images:
    for interpreter in (reference, quantised):
      interpreter.set_tensor(
        interpreter.get_input_details()[0]['index'],
        np.asarray(rgb, np.float32)[np.newaxis],
      )
      interpreter.invoke()
    for name in names:
      value = reference.get_tensor(reference_indices[name])
      detail = stored_details[name]
      stored = quantised.get_tensor(detail['index'])
      sums[name] += (
        _power(value),
        _error_power(value, stored, *detail['quantization']),
      )
  return {name: tuple(both / len(images)) for name, both in sums.items()}


def _error_power(
  reference: np.ndarray, stored: np.ndarray, step: float, zero_point: int
) -> float:
  dequantised = (stored.astype(np.float64) - zero_point) * step
  return float(np.square(dequantised - reference).mean())


def _power(reference: np.ndarray, *_: object) -> float:
  return float(np.square(reference, dtype=np.float64).mean())


def _decibels(signal: float, noise: float) -> float:
  """Returns the signal-to-noise ratio, at most _LARGEST_DB."""
  if noise <= signal * 10 ** (-_LARGEST_DB / 10):
    return _LARGEST_DB
  return 10 * math.log10(max(signal, np.finfo(float).tiny) / noise)
