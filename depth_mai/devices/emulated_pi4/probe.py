# SPDX-License-Identifier: Apache-2.0
"""Runs a model inside the emulated Raspberry Pi 4, between two snapshots.

guest.py starts it with a request in a JSON file: model, xnnpack,
inferences, operators (whether to take snapshots of each operator), inputs and
outputs (.npz files), facts (a .json file to write).
"""

import json
import sys
from typing import Any

import numpy as np

from depth_mai.devices.emulated_pi4 import hooks as hooks_lib
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.runtime import delegation
from depth_mai.runtime import environment
from depth_mai.runtime import interpreter as interpreter_lib

_AT_CREATION = (marks.VISIT, marks.NEW_NODE, marks.OPTIMIZE)


def run(request: dict) -> None:
  """Runs the model and writes its outputs and facts.

  Args:
    request: see the top of this file.

  Raises:
    ValueError: the model cannot be run, or this is another LiteRT than the
      expected one.
  """
  hooks, xnnpack = None, request['xnnpack']
  if request['operators']:
    interpreter_lib.find_runtime()  # loads the library
    wanted = {
      tag: part
      for tag, part in marks.FUNCTIONS.items()
      if xnnpack or tag == marks.DONE
    }
    hooks = hooks_lib.Hooks(wanted)
    for tag in wanted:
      if tag in _AT_CREATION:
        hooks.install(tag)
  loaded = interpreter_lib.load_interpreter(request['model'], 1, xnnpack)
  with np.load(request['inputs']) as inputs:
    for index, detail in enumerate(loaded.get_input_details()):
      loaded.set_tensor(detail['index'], inputs[f'arr_{index}'])
  # Bound here, so that no other Python code runs between two snapshots.
  # pylint: disable=protected-access
  invoke = loaded._interpreter.Invoke
  # pylint: enable=protected-access
  invoke()
  for _ in range(request['inferences']):
    hooks_lib.snapshot(marks.BEGIN)
    invoke()
    hooks_lib.snapshot(marks.END)
  if hooks is not None:
    for tag in wanted:
      if tag not in _AT_CREATION:
        hooks.install(tag)
    hooks_lib.snapshot(marks.BEGIN)
    invoke()
    hooks_lib.snapshot(marks.END)
  del invoke
  details = loaded.get_output_details()
  np.savez(
    request['outputs'], *[loaded.get_tensor(one['index']) for one in details]
  )
  with open(request['facts'], 'w', encoding='utf-8') as stream:
    json.dump(_facts(loaded), stream)


def _facts(loaded: Any) -> dict:
  taken = delegation.describe_delegation(loaded)
  if taken is None:
    raise ValueError('This LiteRT does not report its partitions.')
  # pylint: disable=protected-access
  entries = loaded._get_ops_details()
  # pylint: enable=protected-access
  return {
    'machine': environment.describe_machine(),
    'partitions': taken.partitions,
    'operators': taken.operators,
    'operators_outside': taken.outside,
    'delegates': [
      entry['index'] for entry in entries if entry['op_name'] == 'DELEGATE'
    ],
  }


def main() -> None:
  """Runs the request whose file is the program's argument."""
  with open(sys.argv[1], encoding='utf-8') as stream:
    request = json.load(stream)
  try:
    run(request)
  except ValueError as error:
    sys.exit(f'{error}')


if __name__ == '__main__':
  main()
