# SPDX-License-Identifier: Apache-2.0
"""What measuring devices say of their machine, and of the file they measure."""

import os

from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import model_file

_OF_THE_MACHINE = (
  'architecture',
  'cpu_count',
  'os',
  'is_raspberry_pi',
  'runtime',
  'runtime_version',
)
# What a time depends on; an update of the system does not make it wrong.
_OF_ITS_SPEED = (
  'device',
  'architecture',
  'cpu_count',
  'runtime',
  'runtime_version',
)


def describe(
  kind: str, machine: dict, settings: settings_lib.Settings, note: str
) -> dict:
  """Returns what a device's `describe` returns, see device.py.

  Args:
    kind: 'local', 'ssh' and the like.
    machine: of `environment.describe_machine`.
    settings: how it measures.
    note: what its figures say and what they do not.
  """
  return {
    'kind': kind,
    'name': machine['device'],
    **{key: machine[key] for key in _OF_THE_MACHINE},
    'threads': list(settings.threads),
    'warmup': settings.warmup,
    'runs': settings.runs,
    'note': note,
  }


def time_key(name: str, machine: dict, settings: settings_lib.Settings) -> dict:
  """Returns what a device's `time_key` returns, see device.py.

  Args:
    name: of the device, without what no time depends on.
    machine: of `environment.describe_machine`.
    settings: how it measures.
  """
  return {
    'device': name,
    'warmup': settings.warmup,
    'runs': settings.runs,
    'cpus': list(settings.cpus),
    'machine': {key: machine[key] for key in _OF_ITS_SPEED},
  }


def describe_model(path: str | os.PathLike[str]) -> dict:
  """Returns file, bytes, sha256 and metadata of a model.

  Args:
    path: a .tflite file.

  Raises:
    ValueError: there is no such file, or it is something else.
  """
  interpreter_lib.check_is_tflite(path)
  return {
    'file': os.path.basename(path),
    'bytes': os.path.getsize(path),
    'sha256': model_file.file_sha256(path),
    'metadata': metadata_lib.read_metadata(path),
  }
