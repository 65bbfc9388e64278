# SPDX-License-Identifier: Apache-2.0
"""Runs converted files in TFLite 2.5.0 if that is the target runtime."""

import functools
import os
import subprocess
import tempfile

from depth_mai.devices import comparison
from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.runtime import operators
from depth_mai.runtime import target_run


def find(release: str) -> target_run.RunInTarget | None:
  """Returns a function that runs a file in a release.

  Args:
    release: the target runtime, such as '2.5.0'.

  Returns:
    The function; None where the release is another one or is not set up. It
    trusts the file: use the judge for files of strangers.

  Raises:
    ValueError: `release` is not a release.
  """
  installation = installation_of(release)
  return functools.partial(_run, installation) if installation else None


def installation_of(release: str) -> installation_lib.Installation | None:
  """Returns the set-up of a release; None if it is another one or not set up.

  Args:
    release: the target runtime, such as '2.5.0'.

  Raises:
    ValueError: `release` is not a release.
  """
  wanted = operators.parse_release(release)
  # '2.5' stands for '2.5.0'.
  if (*wanted, 0)[:3] != operators.parse_release(installation_lib.RELEASE):
    return None
  return installation_lib.find_installation()


def run_and_compare(
  installation: installation_lib.Installation, path: str | os.PathLike[str]
) -> tuple[child.Result, dict | None]:
  """Runs a file in TFLite 2.5.0 and in this machine's LiteRT.

  Args:
    installation: the set-up.
    path: a .tflite file.

  Returns:
    (result, `comparison.compare`'s result; None if the file did not run)

  Raises:
    ValueError: this machine's LiteRT cannot load the file.
  """
  inputs = comparison.random_inputs(path)
  result = child.run(installation, path, inputs)
  if not result.ran:
    return result, None
  here = comparison.run_here(path, inputs, xnnpack=True)
  return result, comparison.compare(here, result.outputs)


def _run(
  installation: installation_lib.Installation, content: bytes
) -> target_run.TargetRun:
  with tempfile.TemporaryDirectory(prefix='tflite_2_5.') as folder:
    path = os.path.join(folder, 'model.tflite')
    with open(path, 'wb') as stream:
      stream.write(content)
    try:
      result, compared = run_and_compare(installation, path)
    except subprocess.TimeoutExpired as error:
      words = f'It was not done after {error.timeout:g} s.'
      return target_run.TargetRun(installation_lib.RELEASE, False, words=words)
  return target_run.TargetRun(
    installation_lib.RELEASE,
    result.ran,
    words='' if result.ran else result.words,
    relative_difference=compared['relative_difference'] if compared else None,
  )
