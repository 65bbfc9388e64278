# SPDX-License-Identifier: Apache-2.0
"""Verdicts as the archive stores them, and a judge with known verdicts."""

import hashlib
import pathlib
import threading

import numpy as np
from PIL import Image

from depth_mai.judging import verdict as verdict_lib

DATA = {'data_dir_name': 'rooms', 'split': 'validation', 'limit': None}
ERROR = 'Operator 3, GELU, is not in TensorFlow Lite 2.5.0.'


def verdict(
  content: bytes = b'file',
  errors=(),
  si_rmse=0.25,
  runtime_ms=50.0,
  score=400.0,
) -> verdict_lib.Verdict:
  """Returns a verdict of a file with that content.

  Args:
    content: of the file.
    errors: why it is rejected; an accepted file has none.
    si_rmse: of its predictions.
    runtime_ms: of one picture.
    score: None for a file without one.
  """
  found = verdict_lib.Verdict(
    file={
      'name': 'model.tflite',
      'bytes': len(content),
      'sha256': hashlib.sha256(content).hexdigest(),
    },
    data={'split': 'validation', 'images': 3},
    errors=list(errors),
    protection={'seccomp': 'in force', 'landlock': 'not in this kernel'},
  )
  if not errors:
    found.metrics = {
      'si_rmse': si_rmse,
      'rmse': 0.75,
      'log10': 0.125,
      'rel': 0.375,
    }
    found.device = {'name': 'A board', 'is_raspberry_pi': False}
    found.runtime = {
      'runtime_ms': runtime_ms,
      'runtime_ms_no_xnnpack': 2 * runtime_ms,
      'predicted_ms_low': None,
      'predicted_ms_high': None,
      'partitions': 1,
      'threads': 4,
      'runs': 50,
    }
    found.standing = {'score': score, 'rank': 1, 'notes': ['Other pictures.']}
    found.operators = {
      'histogram': {'CONV_2D': 7},
      'min_runtime': '1.5.0',
      'target_runtime': '2.5.0',
      'target_run': {'text': 'It ran.'},
    }
    found.interface = {
      'input_range': {'value': '0..255', 'why': 'declared in the file'}
    }
    found.warnings = ['It was guessed.']
  return found


def record(name='a.tflite', number=1, data=None, **rest) -> dict:
  """Returns a file with its verdict, as `Archive` stores it.

  Args:
    name: of the file.
    number: becomes its id, and the minute at which it was judged.
    data: on which errors are measured; default: DATA.
    **rest: as for `verdict`.
  """
  return {
    'id': f'{number:016x}',
    'name': name,
    'size': 2_900_000,
    'finished': f'2026-03-01T12:{number:02d}:00+00:00',
    'options': {'unit': 'auto', 'device': 'local'},
    'data': data or DATA,
    'pictures': [],
    'verdict': verdict(**rest).to_json(),
  }


def predicted_record(number=1) -> dict:
  """Returns a file whose runtime is predicted.

  Args:
    number: as for `record`.
  """
  found = record(number=number, score=None)
  verdict = found['verdict']
  verdict |= {'runtime_ms': None, 'rank': None}
  verdict['runtime'] |= {
    'runtime_ms': None,
    'predicted_ms_low': 40.0,
    'predicted_ms_high': 55.0,
  }
  verdict['standing'] |= {
    'score_low': 120.0,
    'score_high': 180.0,
    'rank': None,
    'rank_best': 4,
    'rank_worst': 6,
  }
  return found


class Judge:
  """Accepts files that begin with 'good', fails at 'fail', rejects others.

  Attributes:
    requests: the requests it received.
    go_on: a file that begins with 'slow' waits for this event.
    started: set while such a file waits.
  """

  def __init__(self):
    self.requests = []
    self.go_on, self.started = threading.Event(), threading.Event()

  def __call__(self, request, report_progress):
    """Judges."""
    self.requests.append(request)
    content = pathlib.Path(request.model_path).read_bytes()
    report_progress('reading', 1.0, f'{len(content)} bytes')
    if content.startswith(b'slow'):
      report_progress('fidelity', 0.5, '1 of 2 pictures')
      self.started.set()
      while not self.go_on.wait(0.01):
        report_progress('fidelity', 0.5, '1 of 2 pictures')
    if content.startswith(b'fail'):
      raise ValueError('The board is gone.')
    if not content.startswith((b'good', b'slow')):
      return verdict(content, [ERROR])
    folder = pathlib.Path(request.pictures_dir)
    folder.mkdir()
    found = verdict(content)
    for name in ('00', '01'):
      Image.fromarray(np.zeros((4, 8, 3), np.uint8)).save(
        folder / f'{name}.png'
      )
      found.pictures.append({'id': name, 'file': f'{name}.png', 'si_rmse': 0.5})
    return found
