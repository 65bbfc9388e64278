# SPDX-License-Identifier: Apache-2.0
"""The base of our tfds builders: one process, or Apache Beam if asked for.

tfds asks for Beam with `--beam_pipeline_options`, or with `beam_options` or
`beam_runner` of its DownloadConfig. Nothing else imports Beam.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import functools
from typing import Any
from typing import TypeVar

import tensorflow_datasets as tfds

from depth_mai.files import in_order
from depth_mai.files import problems

Example = dict[str, Any]
# Examples by id, or a beam.PTransform that makes them.
Examples = Iterator[tuple[str, Example]] | Any
Splits = dict[str, Examples]
_Key = TypeVar('_Key')


class PairsBuilder(tfds.core.GeneratorBasedBuilder):
  """Makes examples from keys, such as the names of files.

  Attributes:
    on_beam: whether a Beam pipeline makes the examples.
  """

  on_beam = False

  def download_and_prepare(
    self,
    *,
    download_config: tfds.download.DownloadConfig | None = None,
    **options: Any,
  ) -> None:
    """Prepares the records; arguments as those of tfds."""
    self.on_beam = download_config is not None and bool(
      download_config.beam_options or download_config.beam_runner
    )
    super().download_and_prepare(download_config=download_config, **options)

  def _examples(
    self,
    keys: Callable[[], Iterable[_Key]],
    make: Callable[[_Key], tuple[str, Example]],
  ) -> Examples:
    """Returns the examples of a split.

    They are made on all cores. With Beam, both functions are sent to its
    workers. The keys are listed there, as a pipeline that contained millions of
    them would be refused.

    Args:
      keys: lists what the examples are made from.
      make: from one of these to (id, example).
    """
    if not self.on_beam:
      return in_order.mapped(make, keys())
    import apache_beam as beam

    return (
      beam.Create([None])
      | 'List' >> beam.FlatMap(lambda _: keys())
      | beam.Reshuffle()  # Otherwise the worker that listed makes them all.
      | 'Make' >> beam.Map(functools.partial(_explained, make))
    )


def _explained(
  make: Callable[[_Key], tuple[str, Example]], key: _Key
) -> tuple[str, Example]:
  """Returns make(key); Beam makes errors anew from nothing but their text."""
  try:
    return make(key)
  except problems.BadInputError as error:
    raise ValueError(str(error)) from error
