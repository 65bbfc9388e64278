# SPDX-License-Identifier: Apache-2.0
r"""Labels photographs that have no depth with the predictions of teachers.

  python -m depth_mai.label --model=runs/teacher/best.keras photos/ \
      --output_dir=LABELLED

The result is a data set in the challenge's layout, LABELLED/train, to train on.
Several --model flags average the log depth of several teachers. Photographs
that cannot be read are listed and make the exit code 1; the others are still
labelled. The same command resumes a run that was stopped.
"""

import os
import sys
from typing import Any

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from depth_mai import program
from depth_mai.runtime import interface_evidence

_MODEL = program.flag(
  'model',
  'A teacher: a .keras file of a training, or a .tflite file; may be repeated.',
  repeated=True,
  required=True,
)
_OUTPUT_DIR = program.flag('output_dir', 'the labelled data set', required=True)
_FLIP = flags.DEFINE_bool(
  'flip', True, 'Also predict the mirror image of each photograph.'
)
_MAX_DISAGREEMENT = flags.DEFINE_float(
  'max_disagreement',
  None,
  'Largest standard deviation of log depth over teachers and mirror images at '
  'which a pixel counts as known; 0.1 is about 10 % of the depth.',
)
_OVERWRITE = flags.DEFINE_bool(
  'overwrite', False, 'Replace labels of other teachers or options.'
)
_THREADS = program.flag('threads', default=os.cpu_count() or 1)
_DECLARED = program.interface_flags('By default the file states it.')


def _teachers(declared: dict[str, str]) -> list[Any]:
  """Opens the teachers, and prints how .tflite files are read."""
  # Imported here so that help and a wrong flag are answered at once.
  from depth_mai.labelling import teachers as teachers_lib

  if declared and not any(not x.endswith('.keras') for x in _MODEL.value):
    raise ValueError(
      f'{", ".join(f"--{k}={v}" for k, v in declared.items())} is about a '
      '.tflite file, and no --model is one; leave it out.'
    )
  teachers = [
    teachers_lib.open_teacher(
      model, _THREADS.value, interface_evidence.Declared(**_DECLARED())
    )
    for model in _MODEL.value
  ]
  for teacher in teachers:
    for note in teachers_lib.notes(teacher):
      print(note)
  return teachers


def main(argv: list[str]) -> int:
  """Labels and returns the exit code: 1 if a photograph has no label."""
  from depth_mai.labelling import labelling

  declared = {k: v for k, v in _DECLARED().items() if v != 'auto'}
  problems = labelling.label_photographs(
    _teachers(declared),
    argv[1:],
    _OUTPUT_DIR.value,
    labelling.Options(_FLIP.value, _MAX_DISAGREEMENT.value),
    declared,
    _OVERWRITE.value,
    lambda line: print(line, flush=True),
  )
  for problem in problems:
    print(f'error: {problem}', file=sys.stderr)
  return 1 if problems else 0


if __name__ == '__main__':
  program.run(main)
