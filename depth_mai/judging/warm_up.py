# SPDX-License-Identifier: Apache-2.0
"""Does while it is allowed what runtime and NumPy would do too late.

XNNPACK and the built-in kernels look at the CPU once, at their first use, in
/proc and /sys. A locked process cannot, and would go on with the slowest
kernels there are: what is forked inherits what its parent has seen.
"""

import base64
import importlib
import zlib

from depth_mai.runtime import interpreter as interpreter_lib

# One convolution of one pixel, tests/runtime/tiny_model.py.
_MODEL = """
eNptUU0OwUAYfaNDGiaNiIhFFxZuwJ6VlaWFLdEgfiL0AI7jGA7iDK5Qb2Y+OsE0r/3mfe/7bQpgNp
kOgBa6aKMJQyYmNBmQ8ZgTdwVE8Md+x0TPKYFnURRabH9qzKL59pxx3HX09mr3AEzJmtbva9sYI9yG
2BMn0bVdZIKO8xs0qE1opz6lsr30nVmXKTQtH/tGhHIGe68EvPr0Btyk/lDuOeeLpa8qscpO+UZ86g
sPao3kbopmuV1cEGjMZ9N+XhPswu5sl52P2f43f+S0xv0hSGzY1/awWGf4H1fu2u6ujJd9RC+wYx0t
"""


def model() -> bytes:
  """Returns the smallest file that XNNPACK takes."""
  return zlib.decompress(base64.b64decode(_MODEL))


def run() -> None:
  """Runs it once with XNNPACK and once without; imports what is left."""
  importlib.import_module('numpy.random')
  for xnnpack in (True, False):
    interpreter = interpreter_lib.load_interpreter(model(), 1, xnnpack)
    interpreter.invoke()
