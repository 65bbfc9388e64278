# SPDX-License-Identifier: Apache-2.0
"""What speaks against a file."""


class FileFaultError(Exception):
  """A file is at fault; the text is an error of the verdict."""
