# SPDX-License-Identifier: Apache-2.0
"""Files of strangers: .tflite files that are summarised and run."""

import pathlib
from typing import Any

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import model_files
from benchmarks.damage import picture_kinds
from benchmarks.damage import samples
from depth_mai.judging import static_check
from depth_mai.pictures import picture_files
from depth_mai.report import summary_table
from depth_mai.runtime import graph_summary
from depth_mai.runtime import image_io
from depth_mai.runtime import model_file

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original


def _build(root: pathlib.Path) -> list[Original]:
  # Imported here, so that the workers that run the files have no TensorFlow.
  from benchmarks.damage import networks

  found = []
  for precision, unit in (('fp32', 'mm'), ('fp16', 'm'), ('int8', 'mm')):
    place = root / precision
    place.mkdir()
    name = networks.write_tflite(place, precision, unit)
    found.append(Original(precision, name, model_files.damaged_model))
  return found


def _summarise(case: Case) -> dict[str, Any]:
  """Summarises a file, and checks it as the judge does."""
  summary = graph_summary.summarise(case.path)
  print(summary_table.summary_text(summary))
  checked = static_check.check(case.path.read_bytes(), '2.5.0')
  return {'totals': summary['totals'], 'operators': checked['histogram']}


def _predict(case: Case) -> str:
  """Predicts a picture and writes its depth."""
  model = model_file.TfliteModel(case.path)
  depth_mm = image_io.predict_picture_mm(model, samples.rgb(1))
  target = case.output / 'depth.png'
  picture_files.write_depth_mm(target, depth_mm)
  return picture_kinds.digest(picture_files.read_depth_mm(target))


def _prediction_is_right(
  case: Case, content: bytes, expected: Any, found: Any
) -> bool:
  """Returns whether the depth is right; no file with a NaN may be accepted."""
  del content
  if model_files.has_nan(case.path.read_bytes()):
    raise kind_lib.WrongValueError('a weight is NaN, but nothing says so')
  return found == expected


_SHARES = (0.3, 0.66, 0.04)
KINDS = (
  Kind('summary', _build, _summarise, shares=_SHARES),
  Kind('predict', _build, _predict, _prediction_is_right, shares=_SHARES),
)
