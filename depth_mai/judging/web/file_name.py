# SPDX-License-Identifier: Apache-2.0
"""Makes the name that came with an upload fit to be shown.

It never names a file here: an upload lies under a name of its own.
"""

import unicodedata

_LONGEST = 100
_UNNAMED = 'unnamed.tflite'


def shown(name: str) -> str:
  """Returns the last part of a path, without what cannot be seen.

  Control and formatting characters go, among them those that turn the
  direction of writing: 'etilft.x' must not read as 'x.tflite'.

  Args:
    name: as the client sent it; with folders on some systems.

  Returns:
    At most 100 characters; 'unnamed.tflite' where nothing is left.
  """
  name = name.replace('\\', '/').rpartition('/')[2]
  name = ''.join(
    letter
    for letter in name
    if unicodedata.category(letter)[0] not in 'CZ' or letter == ' '
  ).strip()
  if len(name) > _LONGEST:
    half = _LONGEST // 2
    name = f'{name[: half - 1]}…{name[-half:]}'
  return name or _UNNAMED
