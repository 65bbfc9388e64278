# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of files on the emulated board; resumes."""

from collections.abc import Callable
from collections.abc import Sequence
import pathlib

import keras
import numpy as np

from depth_mai.devices import settings
from depth_mai.devices import store as store_lib
from depth_mai.devices.emulated_pi4 import device as emulated
from depth_mai.files import atomic
from depth_mai.files import regular_files
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import passes


class Counter:
  """Counts the instructions of files, and stores the counts."""

  def __init__(
    self,
    folder: pathlib.Path,
    options: emulated.EmulationOptions | None = None,
  ):
    """Opens the emulator and the stored counts.

    Args:
      folder: for files and counts; created if it does not exist.
      options: what to count; None for the default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    self.folder = folder
    self._store = store_lib.Store(folder / 'counts.jsonl')
    self._device = emulated.EmulatedPi4(
      'emulated_pi4',
      settings.Settings(),
      options or emulated.EmulationOptions(),
    )

  def file(self, name: str, make: Callable[[], bytes]) -> pathlib.Path:
    """Returns a file of the folder; `make` gives its bytes if it is missing."""
    path = self.folder / f'{name}.tflite'
    if not path.exists():
      with atomic.atomic_path(path) as temporary:
        pathlib.Path(temporary).write_bytes(make())
    return path

  def count(self, path: pathlib.Path) -> list[dict]:
    """Returns the counts of a file; those of LiteRT with XNNPACK come first."""
    sha256 = regular_files.sha256(path)
    report = self._store.get_report(self._device, sha256, 1)
    if report is None:
      report = self._device.measure(path)
      self._store.put_report(self._device, report)
    return report['configurations']


def finished(
  model: keras.Model,
  target: passes.Target,
  pictures: Sequence[np.ndarray] | None = None,
) -> bytes:
  """Converts a model without changing it, then applies the file passes."""
  content = converter.convert(model, target.precision, pictures)
  file = flatbuffer.read_model(content)
  passes.rewrite_file(file, target)
  return flatbuffer.write_model(file)
