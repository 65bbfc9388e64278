# SPDX-License-Identifier: Apache-2.0
"""The result of running a file in the release that it must run on.

The table of operator versions is read from the source code of TensorFlow; the
release itself has the last word where it is set up.
"""

from collections.abc import Callable
import dataclasses

from depth_mai import challenge

_SETUP = 'python -m depth_mai.devices.tflite_2_5.setup'


@dataclasses.dataclass(frozen=True)
class TargetRun:
  """What a release did with a file.

  Attributes:
    release: the release, such as '2.5.0'.
    ran: whether the file loaded and ran.
    only_loaded: whether it loaded, and nobody tried to run it.
    words: the release's own words if it did not, else ''.
    relative_difference: largest difference of an output from that of this
      machine's runtime, relative to the largest output; None if the file did
      not run.
  """

  release: str
  ran: bool
  only_loaded: bool = False
  words: str = ''
  relative_difference: float | None = None

  def sentence(self) -> str:
    """Returns the result in one sentence, which starts with the release."""
    if self.only_loaded:
      return f'TFLite {self.release} itself loaded it.'
    if not self.ran:
      return f'TFLite {self.release} itself refuses it: {self.words}'
    text = f'TFLite {self.release} itself loaded and ran it'
    if self.relative_difference is None:
      return f'{text}.'
    return (
      f"{text}; its outputs differ from today's runtime by at most "
      f'{self.relative_difference:.1e} of the largest.'
    )

  def record(self) -> dict:
    """Returns the attributes and the sentence, as text, for JSON."""
    return {**dataclasses.asdict(self), 'text': self.sentence()}


# Runs the content of a file.
RunInTarget = Callable[[bytes], TargetRun]


def not_run(release: str) -> str:
  """Says that only the table decided.

  Args:
    release: the target runtime.
  """
  text = f'TFLite {release} itself was not run: the table of operators decides'
  if release == challenge.RUNTIME:
    return f'{text} ("{_SETUP}" sets it up).'
  return f'{text}.'
