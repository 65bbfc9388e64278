# SPDX-License-Identifier: Apache-2.0
r"""Measures a network, a .tflite file or a folder of predictions.

  python -m depth_mai.evaluate --workdir=runs/tcl --data_dir=DIR
  python -m depth_mai.evaluate --model=tcl.tflite --data_dir=DIR --json=OUT.json
  python -m depth_mai.evaluate --predictions=DIR --data_dir=DIR

The figures are means of per-image values; the table also shows them over all
pixels at once, and by distance. Give exactly one of --workdir, --model and
--predictions.
"""

import os

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import alignment
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import atomic
from depth_mai.files import ready_models
from depth_mai.metrics import table
from depth_mai.runtime import interface_evidence

_WORKDIR = program.flag(
  'workdir', 'Folder of a training whose best.keras is measured.'
)
_MODEL = program.flag('model', 'A .keras or .tflite file to measure.')
_PREDICTIONS = flags.DEFINE_string(
  'predictions',
  None,
  'Folder of predicted depth maps to measure: 16-bit PNGs called <id>.png.',
)
_DATA_DIR = program.flag(
  'data_dir', 'Pictures and depth maps to measure on.', required=True
)
_SPLIT = program.flag('split')
_LIMIT = program.flag('limit')
_JSON = program.flag('json', 'the result')
_PICTURES_DIR = program.flag('pictures_dir')
_OUTPUT_UPSAMPLING = program.flag('output_upsampling')
_THREADS = program.flag('threads')
_ALIGN = flags.DEFINE_enum(
  'align',
  'none',
  list(alignment.ALIGNMENTS),
  'Fit each prediction to its true depth first, as papers on relative depth '
  "do; the figures then do not compare with the challenge's.",
)
_DECLARED = program.interface_flags(
  'By default the file states it, or it is found with the true depth, and said.'
)


def _open_tflite(path: str, data_dir: str) -> file_predictors.TflitePredictor:
  """Returns the predictor, and prints how the file is read."""
  pairs = lambda: source.evaluation_pairs(data_dir, _SPLIT.value)
  predictor = file_predictors.TflitePredictor(
    path,
    _THREADS.value,
    interface_evidence.Declared(**_DECLARED()),
    lambda: ((rgb_uint8, depth_mm) for _, rgb_uint8, depth_mm in pairs()),
    _ALIGN.value,
  )
  for note in predictor.reading.notes():
    print(f'{path}: {note}')
  return predictor


def _path() -> str:
  """Returns the file or folder that is measured."""
  given = [_WORKDIR.value, _MODEL.value, _PREDICTIONS.value]
  if sum(value is not None for value in given) != 1:
    raise ValueError(
      'Give exactly one of --workdir=DIR, --model=FILE.keras, '
      '--model=FILE.tflite or --predictions=DIR.'
    )
  if _PREDICTIONS.value is not None:
    return _PREDICTIONS.value
  if _WORKDIR.value is not None:
    return os.path.join(_WORKDIR.value, 'best.keras')
  return ready_models.model_path(_MODEL.value)


def _open_predictor(data_dir: str) -> tuple[evaluation.Predictor, str]:
  """Returns the predictor that the flags choose, and its name."""
  path = _path()
  if path.endswith('.tflite') and _PREDICTIONS.value is None:
    return _open_tflite(path, data_dir), path
  if given := {k: v for k, v in _DECLARED().items() if v != 'auto'}:
    raise ValueError(
      f'{", ".join(f"--{k}={v}" for k, v in given.items())} is about a .tflite '
      f'file, which {path} is not; leave it out.'
    )
  if _PREDICTIONS.value is not None:
    names = evaluation.split_ids(data_dir, _SPLIT.value)
    needed = names[: _LIMIT.value]
    return file_predictors.PngPredictor(path, names, needed), path
  if path.endswith('.keras'):
    # Imported here because a device has no TensorFlow.
    from depth_mai.evaluation import keras_predictor

    return keras_predictor.KerasPredictor(path, _OUTPUT_UPSAMPLING.value), path
  raise ValueError(f'--model={path} must end with .keras or .tflite.')


def main(argv: list[str]) -> None:
  """Measures, prints the table and writes the JSON file."""
  program.no_arguments(argv)
  data_dir = source.resolve(_DATA_DIR.value)
  pairs = source.evaluation_pairs(data_dir, _SPLIT.value)
  predictor, name = _open_predictor(data_dir)
  result = evaluation.evaluate(
    predictor, pairs, _LIMIT.value, _PICTURES_DIR.value, align=_ALIGN.value
  )
  result |= {'model': name, 'data_dir': data_dir, 'split': _SPLIT.value}
  if _ALIGN.value != 'none':
    print(alignment.label(_ALIGN.value))
  for warning in result['warnings']:
    print(f'warning: {warning}')
  if isinstance(predictor, file_predictors.TflitePredictor):
    result['interface'] = predictor.reading.record()
    result['warnings'] += predictor.reading.doubts()
  print(f'{name} on {_SPLIT.value}: {table.metrics_tables(result)}')
  if _JSON.value is not None:
    atomic.write_json(_JSON.value, result)
  if problem := result.get('pictures_problem'):
    raise ValueError(f'--pictures_dir={_PICTURES_DIR.value}: {problem}')


if __name__ == '__main__':
  program.run(main)
