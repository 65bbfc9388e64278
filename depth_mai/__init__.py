# SPDX-License-Identifier: Apache-2.0
"""Single-image depth estimation for small devices (Mobile AI challenge)."""

import sys

__version__ = '0.1.0'


def _report_interruption(kind, error, trace):
  """Prints a word for Ctrl-C, and a traceback for anything else."""
  if issubclass(kind, KeyboardInterrupt):
    print('Interrupted.', file=sys.stderr)
  else:
    sys.__excepthook__(kind, error, trace)


# For `python -m depth_mai.train`: importing TensorFlow takes seconds, in which
# program.py does not run yet.
if sys.argv[:1] == ['-m']:
  sys.excepthook = _report_interruption
