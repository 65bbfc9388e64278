# SPDX-License-Identifier: Apache-2.0
"""Builds tfds records from RGB-depth pairs in the challenge's folder layout.

The files are stored unchanged: uint16 millimetres stay exact, and JPEG pictures
are not compressed a second time. A picture that TensorFlow would decode to
other pixels than the programs predict from, such as one with an orientation or
transparency, is stored as these pixels. Depth numbers that stand for unknown,
such as 65535, become 0.
"""

from collections.abc import Callable
from collections.abc import Set
import functools
import pathlib
import sys

import numpy as np
import tensorflow_datasets as tfds

from depth_mai.challenge_folder import folder
from depth_mai.datasets.mai_depth import pairs_builder
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_files
from depth_mai.pictures import true_depth

_Named = tuple[str, pairs_builder.Example]
_Make = Callable[[folder.Pair], _Named]


def pair_features(
  height: int | None = None, width: int | None = None
) -> tfds.features.FeaturesDict:
  """Returns the features of RGB-depth pairs, for all builders.

  Args:
    height: height of all pictures, pixels; None if it varies.
    width: width of all pictures, pixels; None if it varies.
  """
  return tfds.features.FeaturesDict(
    {
      'rgb': tfds.features.Image(
        shape=(height, width, 3),
        dtype=np.uint8,
        doc='The picture, a PNG or JPEG file.',
      ),
      'depth': tfds.features.Image(
        shape=(height, width, 1),
        dtype=np.uint16,
        encoding_format='png',
        doc='Millimetres; 0 = unknown. The same size as the picture.',
      ),
      'id': tfds.features.Text(doc='Unique name of the pair.'),
    }
  )


class Builder(pairs_builder.PairsBuilder):
  """Builds records from a folder in the challenge's layout.

  The splits are those on disk. Every pair is read and checked before anything
  is written, and a folder with a bad pair is refused as a whole. With Beam, its
  workers check each pair when they read it, and the first bad one ends the
  preparation. A test picture without a depth map gets one that is 0 ("unknown")
  everywhere.
  """

  # The folder of README.md, CITATIONS.bib and TAGS.txt. tfds derives both from
  # the name of this module, which does not give the folder in a checkout.
  code_path = tfds.core.Path(__file__)
  pkg_dir_path = code_path.parent

  VERSION = tfds.core.Version('1.1.0')
  RELEASE_NOTES = {
    '1.0.0': 'First release.',
    '1.1.0': (
      'Pictures are stored upright, without transparency. 65535 and other '
      'numbers for unknown depth are stored as 0.'
    ),
  }
  MANUAL_DOWNLOAD_INSTRUCTIONS = """
  The data set of the challenge is given to its participants, see
  https://ai-benchmark.com/workshops/mai/2022/. Store it, or your own data, as
  <manual_dir>/{train,validation,test}/{rgb,depth}/<id>.png: depth as 16-bit
  one-channel PNG in millimetres, 0 = unknown; rgb as 8-bit PNG or JPEG. Any
  split may be absent, and test may lack depth.
  """

  def _info(self) -> tfds.core.DatasetInfo:
    """Returns the features: rgb, depth in millimetres, id."""
    return self.dataset_info_from_configs(
      features=pair_features(),
      supervised_keys=('rgb', 'depth'),
      homepage='https://ai-benchmark.com/workshops/mai/2022/',
    )

  def _split_generators(
    self, dl_manager: tfds.download.DownloadManager
  ) -> pairs_builder.Splits:
    """Checks every pair on all cores, then returns the splits on disk.

    Args:
      dl_manager: its `manual_dir` is the folder in the challenge's layout.

    Returns:
      Split name to examples.

    Raises:
      ValueError: if the folder has no split, or anything in it is bad.
    """
    root = dl_manager.manual_dir
    make: _Make = _checked_example
    if not self.on_beam:
      found = folder.survey(root)
      problems_lib.check(found.problems)
      for note in found.notes:
        print(printable.printable(f'note: {note}'), file=sys.stderr)
      make = functools.partial(_example, marked=found.marked)
    return {
      split: self._generate_examples(root, split, make)
      for split in folder.split_names(root)
    }

  def _generate_examples(
    self, root: str, split: str, make: _Make
  ) -> pairs_builder.Examples:
    """Returns (id, example) of the pairs of a split."""
    return self._examples(
      functools.partial(folder.list_pairs, root, split), make
    )


def _checked_example(pair: folder.Pair) -> _Named:
  """Returns (id, example) of a pair that no survey has read."""
  is_marked = folder.check_pair(pair)
  return _example(pair, {pair.depth_path} if is_marked else set())


def _example(pair: folder.Pair, marked: Set[pathlib.Path]) -> _Named:
  """Returns (id, example); decodes only what cannot be stored as it is."""
  rgb: str | np.ndarray = str(pair.rgb_path)
  if not picture_files.is_plain(pair.rgb_path):
    rgb = folder.read_rgb(pair.rgb_path)
  depth: str | np.ndarray = str(pair.depth_path)
  if pair.depth_path is None:
    height, width, _ = folder.read_rgb(pair.rgb_path).shape
    depth = np.zeros((height, width, 1), np.uint16)
  elif pair.depth_path in marked:
    depth = true_depth.read_mm(pair.depth_path)[0][..., None]
  return pair.id, {'rgb': rgb, 'depth': depth, 'id': pair.id}
