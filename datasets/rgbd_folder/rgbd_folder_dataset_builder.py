# SPDX-License-Identifier: Apache-2.0
"""rgbd_folder: recordings in any layout, as records like those of mai_depth."""

from collections.abc import Iterator
import dataclasses
import io
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import layouts
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.files import problems as problems_lib

Example = dict[str, Any]


@dataclasses.dataclass(kw_only=True)
class RgbdConfig(tfds.core.BuilderConfig):
  """Which folder, as it is described.

  Attributes:
    recordings: layout, unit and splits of the folder.
    skip_bad: whether to leave out pairs that cannot be used; by default the
      folder is refused.
    survey: what `survey.survey` found just now; None has the builder look.
  """

  recordings: description_lib.Description
  skip_bad: bool = False
  survey: survey_lib.Survey | None = dataclasses.field(default=None, repr=False)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Builds records of the folder <manual_dir>."""

  # Where README.md, CITATIONS.bib and TAGS.txt lie. tfds derives both from the
  # name of this module, which in a checkout does not say where it is.
  code_path = tfds.core.Path(__file__)
  pkg_dir_path = code_path.parent

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First release.'}
  MANUAL_DOWNLOAD_INSTRUCTIONS = """
  <manual_dir> is the folder of the recordings. Each config describes a
  well-known layout; for another one give an RgbdConfig, or run
  python -m depth_mai.datasets.rgbd_folder.prepare.
  """
  BUILDER_CONFIGS = [
    RgbdConfig(
      name=name, description=f'Folders like {name}.', recordings=layout
    )
    for name, layout in layouts.LAYOUTS.items()
  ]

  def _info(self) -> tfds.core.DatasetInfo:
    """Returns the features of mai_depth: rgb, depth in millimetres, id."""
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'rgb': tfds.features.Image(
            shape=(None, None, 3),
            dtype=np.uint8,
            doc='The picture: its own PNG or JPEG file, or a PNG made of it.',
          ),
          'depth': tfds.features.Image(
            shape=(None, None, 1),
            dtype=np.uint16,
            encoding_format='png',
            doc='Millimetres; 0 = unknown. Of the size of the picture.',
          ),
          'id': tfds.features.Text(doc='Sequence and frame.'),
        }
      ),
      supervised_keys=('rgb', 'depth'),
    )

  def _split_generators(
    self, dl_manager: tfds.download.DownloadManager
  ) -> dict[str, Iterator[tuple[str, Example]]]:
    """Reads every pair once, then returns the splits.

    Args:
      dl_manager: its `manual_dir` is the folder of the recordings.

    Returns:
      Split name to examples.

    Raises:
      ValueError: if anything in the folder is bad, unless `skip_bad`.
    """
    config = self.builder_config
    survey = config.survey or survey_lib.survey(
      dl_manager.manual_dir, config.recordings
    )
    if survey.problems and not config.skip_bad:
      raise problems_lib.BadInputError(survey.problems)
    return {
      split: self._generate_examples(frames)
      for split, frames in survey.splits.items()
      if frames
    }

  def _generate_examples(
    self, frames: list[pairing.Frame]
  ) -> Iterator[tuple[str, Example]]:
    """Yields (id, example) with the files' own bytes where they fit."""
    for frame, content in survey_lib.contents(
      frames, self.builder_config.recordings
    ):
      yield (
        frame.id,
        {
          'rgb': io.BytesIO(content.rgb),
          'depth': io.BytesIO(frame_reader.png(content.depth_mm)),
          'id': frame.id,
        },
      )
