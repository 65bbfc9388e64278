# SPDX-License-Identifier: Apache-2.0
"""A small network, and its .keras and .tflite files."""

import io
import pathlib
import zipfile

import h5py
import keras
import numpy as np

from benchmarks.damage import containers
from benchmarks.damage import damage as damage_lib
from benchmarks.damage import samples
from benchmarks.damage import texts
from depth_mai.layers import clb
from depth_mai.layers import resize
from depth_mai.lite import calibration
from depth_mai.lite import export
from depth_mai.models import network_file

_SIZE = (48, 64)
_WEIGHTS = 'model.weights.h5'


def small_network() -> keras.Model:
  """Returns a network with the parts of a system, [B, 16, 24, 3] to metres."""
  rgb = keras.Input((16, 24, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 255, name='normalise')(rgb)
  x = keras.layers.Conv2D(4, 3, padding='same', use_bias=False, name='stem')(x)
  x = keras.layers.BatchNormalization(name='stem_bn')(x)
  x = keras.layers.ReLU(name='stem_act')(x)
  x = clb.CollapsibleConv2D(4, expansion=8, residual=True, name='middle')(x)
  x = resize.Resize(12, 16, name='down')(x)
  x = clb.CollapsibleConv2D(1, expansion=8, name='head')(x)
  x = keras.layers.ReLU(name='head_act')(x)
  depth_m = keras.layers.Rescaling(1.0, 0.5, name='depth_m')(x)
  network = keras.Model(rgb, depth_m, name='small')
  random = np.random.default_rng(3)
  for weight in network.weights:
    low, high = (0.5, 1.5) if 'moving_variance' in weight.path else (-0.3, 0.3)
    weight.assign(random.uniform(low, high, weight.shape))
  network.get_layer('head').project_bias.assign([1.5])
  return network


def write_keras(path: pathlib.Path) -> None:
  """Writes the network as a .keras file."""
  network_file.save_network(small_network(), path)


def write_tflite(folder: pathlib.Path, precision: str, unit: str) -> str:
  """Writes the network as a .tflite file; returns its name."""
  images = tuple(
    np.stack([samples.rgb(n)] * 4).reshape(*_SIZE, 3) for n in range(4)
  )
  sample = calibration.ImageSample(images, 'noise', 'train', 0)
  options = export.ExportOptions(
    precisions=(precision,), image_size=_SIZE, output_unit=unit
  )
  (written,) = export.export(
    small_network(),
    folder,
    options,
    calibration_sample=sample if precision == 'int8' else None,
    parity_sample=sample,
  )
  return written.path.name


def damaged_keras(
  content: bytes, random: damage_lib.Random
) -> damage_lib.Damage:
  """Damages the archive, the description or the weights of a .keras file."""
  choice = random.random()
  if choice < 0.5:
    return containers.damaged_zip(content, random)
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    entries = {name: archive.read(name) for name in archive.namelist()}
  if choice < 0.8:
    changed = texts.damaged_json(entries['config.json'], random)
    entries['config.json'] = changed.content or b''
    what, sealed = f'config.json: {changed.what}', True
  else:
    what, entries[_WEIGHTS] = _with_nan(entries[_WEIGHTS], random)
    sealed = False  # Nobody means a NaN, so it must be seen.
  return damage_lib.Damage(what, containers.packed(entries), sealed=sealed)


def _with_nan(content: bytes, random: damage_lib.Random) -> tuple[str, bytes]:
  """Makes a weight NaN."""
  stream = io.BytesIO(content)
  with h5py.File(stream, 'r+') as file:
    names: list[str] = []
    file.visititems(
      lambda name, one: names.append(name) if hasattr(one, 'shape') else None
    )
    name = damage_lib.pick(random, names)
    values = file[name][()]
    values.flat[int(random.integers(values.size))] = np.nan
    file[name][()] = values
  return f'{name} contains NaN', stream.getvalue()
