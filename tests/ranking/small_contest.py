# SPDX-License-Identifier: Apache-2.0
"""Three pictures, networks of one convolution, and a fake device.

A network predicts `scale` times the red of the picture, in millimetres; the
true depth of picture '00' is 20 times the red. So errors can be computed
without running a network.
"""

import pathlib

import numpy as np
from PIL import Image

from depth_mai.files import regular_files
from depth_mai.ranking import measuring
from depth_mai.ranking import model_files
from tests.runtime import tiny_model

SIZE = (48, 64)
IDS = ('00', '01', '02')


def write_data(root: pathlib.Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Writes a validation split; returns (red [H, W], depth_mm [H, W]) by id."""
  generator = np.random.default_rng(0)
  pictures = {}
  for index, name in enumerate(IDS):
    rgb = generator.integers(50, 256, (*SIZE, 3)).astype(np.uint8)
    noise = generator.uniform(1.0, 1.0 + 0.5 * index, SIZE)
    depth_mm = np.uint16(np.rint(20.0 * rgb[..., 0] * noise))
    for kind, values in (('rgb', rgb), ('depth', depth_mm)):
      folder = root / 'validation' / kind
      folder.mkdir(parents=True, exist_ok=True)
      Image.fromarray(values).save(folder / f'{name}.png', compress_level=0)
    pictures[name] = (rgb[..., 0].astype(np.float64), depth_mm)
  return pictures


def network(scale: float = 20.0, bias_mm: float = 0.0, **metadata) -> bytes:
  """Returns a .tflite file that predicts scale * red + bias_mm millimetres."""
  return tiny_model.float_model(
    SIZE, (scale, 0.0, 0.0), bias_mm, metadata={'output_unit': 'mm', **metadata}
  )


def write_models(folder: pathlib.Path, **contents: bytes) -> None:
  """Writes files; the keywords are their names without .tflite."""
  folder.mkdir(parents=True, exist_ok=True)
  for name, content in contents.items():
    (folder / f'{name}.tflite').write_bytes(content)


class FakeDevice:
  """A device on which every file takes the same time.

  Attributes:
    spec: as --device names it.
    timed: names of the files that were timed, in order.
  """

  spec = 'local'

  def __init__(self, runtime_ms=10.0, threads=1):
    self.timed, self._threads = [], threads
    self._runtime_ms = runtime_ms

  def describe(self):
    """Returns the description for leaderboard.json."""
    return {
      'kind': 'local',
      'name': 'A board',
      'architecture': 'aarch64',
      'cpu_count': 4,
      'os': 'Linux',
      'is_raspberry_pi': False,
      'runtime': 'ai-edge-litert',
      'runtime_version': '1.0',
      'note': 'Measured on a board.',
      'threads': [self._threads],
      'warmup': 1,
      'runs': 2,
    }

  def time_key(self):
    """Returns the key of its measurements."""
    return {'name': 'A board'}

  def measure(self, path):
    """Notes the file; returns the same times for each."""
    path = pathlib.Path(path)
    self.timed.append(path.name)
    return {
      'model': {'sha256': regular_files.sha256(path)},
      'configurations': [
        {
          'threads': self._threads,
          'xnnpack': xnnpack,
          'median_ms': self._runtime_ms * (1 if xnnpack else 2),
          'partitions': int(xnnpack),
          'state_before': {'load_average': 0.25},
        }
        for xnnpack in (True, False)
      ],
    }


def described_device() -> dict:
  """Returns the device of leaderboard.json."""
  return {**FakeDevice().describe(), 'threads': 1}


def measured(
  system: str,
  precision: str = 'fp32',
  si_rmse: float = 0.3,
  runtime_ms: float | None = 50.0,
  paper_system: str | None = '',
  size_mb: float = 3.0,
  macs: int | None = 10**7,
  load_average: float | None = 0.0,
  instructions: int | None = None,
) -> measuring.Measured:
  """Returns the figures of a file that does not exist.

  Args:
    system: name in the leaderboard.
    precision: of the file.
    si_rmse: of its predictions.
    runtime_ms: with XNNPACK; without it, three times as long.
    paper_system: system of Table 1; '' for `system`.
    size_mb: of the file.
    macs: of the file.
    load_average: of the machine before the first run.
    instructions: with XNNPACK, on an emulated device; without it, twice as
      many.
  """
  file = f'{system}_{precision}.tflite'
  return measuring.Measured(
    model=model_files.ModelFile(
      pathlib.Path('/models', file),
      file,
      system,
      system if paper_system == '' else paper_system,
      precision,
      f'{system}{precision}'.encode().hex(),
    ),
    figures={
      'file': file,
      'size_mb': size_mb,
      'parameters': 1000,
      'macs': macs,
      'interface': {
        'unit': 'mm',
        'input_range': '0..255',
        'layout': 'nhwc',
        'output_tensor': '0',
        'input_size': 'auto',
      },
      'runtime_ms': runtime_ms,
      'runtime_ms_no_xnnpack': runtime_ms and 3 * runtime_ms,
      'instructions': instructions,
      'instructions_no_xnnpack': instructions and 2 * instructions,
      'partitions': 2,
      'si_rmse': si_rmse,
      'rmse': 1.5,
      'log10': 0.1,
      'rel': 0.25,
    },
    load_average=load_average,
  )
