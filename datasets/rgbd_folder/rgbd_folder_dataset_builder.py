# SPDX-License-Identifier: Apache-2.0
"""Builds tfds records like those of mai_depth from recordings in any layout."""

import dataclasses
import functools
import io

import tensorflow_datasets as tfds

from depth_mai.datasets.mai_depth import mai_depth_dataset_builder as mai_depth
from depth_mai.datasets.mai_depth import pairs_builder
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.files import problems as problems_lib


@dataclasses.dataclass(kw_only=True)
class RgbdConfig(tfds.core.BuilderConfig):
  """Configures the builder for one kind of folder.

  Attributes:
    recordings: layout, unit and splits of the folder.
    skip_bad: whether to leave out pairs that cannot be used; by default the
      folder is refused.
    survey: a recent result of `survey.survey`; None to make one.
  """

  recordings: description_lib.Description
  skip_bad: bool = False
  survey: survey_lib.Survey | None = dataclasses.field(default=None, repr=False)


class Builder(pairs_builder.PairsBuilder):
  """Builds records of the folder <manual_dir>.

  The pairs are read once on this machine to find the splits and what is bad;
  Beam's workers read and encode them again.
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
  <manual_dir> is the folder of the recordings. Each config describes a
  well-known layout; for another one give an RgbdConfig, or run
  python -m depth_mai.datasets.rgbd_folder.prepare.
  """
  BUILDER_CONFIGS = [
    RgbdConfig(
      name=name, description=f'Folders like {name}.', recordings=layout
    )
    for name, layout in description_lib.LAYOUTS.items()
  ]

  def _info(self) -> tfds.core.DatasetInfo:
    """Returns the features of mai_depth: rgb, depth in millimetres, id."""
    return self.dataset_info_from_configs(
      features=mai_depth.pair_features(), supervised_keys=('rgb', 'depth')
    )

  def _split_generators(
    self, dl_manager: tfds.download.DownloadManager
  ) -> pairs_builder.Splits:
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
    if not config.skip_bad:
      problems_lib.check(survey.problems)
    return {
      split: self._generate_examples(frames)
      for split, frames in survey.splits.items()
      if frames
    }

  def _generate_examples(
    self, frames: list[pairing.Frame]
  ) -> pairs_builder.Examples:
    """Returns (id, example), with the bytes of unchanged files."""
    recordings = self.builder_config.recordings
    if self.on_beam:
      return self._examples(
        functools.partial(list, frames),
        functools.partial(_read_example, recordings),
      )
    return self._examples(
      functools.partial(survey_lib.contents, frames, recordings), _example
    )


def _read_example(
  recordings: description_lib.Description, frame: pairing.Frame
) -> tuple[str, pairs_builder.Example]:
  return _example((frame, frame_reader.read(frame, recordings)))


def _example(
  read: tuple[pairing.Frame, frame_reader.Content],
) -> tuple[str, pairs_builder.Example]:
  frame, content = read
  depth = io.BytesIO(frame_reader.png(content.depth_mm))
  rgb = io.BytesIO(content.rgb)
  return frame.id, {'rgb': rgb, 'depth': depth, 'id': frame.id}
