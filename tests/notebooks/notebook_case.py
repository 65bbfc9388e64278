# SPDX-License-Identifier: Apache-2.0
"""Runs a notebook in its small size, as all tests of this folder do."""

import json
import os
import pathlib
import sys
from typing import Any
from unittest import mock

from absl.testing import absltest

from build_defs import notebooks


class NotebookCase(absltest.TestCase):
  """A test of one notebook.

  Attributes:
    folder: where it ran, and where its files are.
  """

  def setUp(self) -> None:
    """Makes the folder."""
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def run_notebook(self, name: str) -> dict[str, str]:
    """Runs a notebook without a network, and returns the text of its outputs.

    Args:
      name: its name in notebooks/.

    Returns:
      dict from the id of a cell to what the cell printed.
    """
    kept = {
      'DEPTH_MAI_NOTEBOOK_SMALL': '1',
      'DEPTH_MAI_READY_URL': '',
      'DEPTH_MAI_RECORDS': str(self.folder / 'records'),
      # As on Colab: setting it up makes the runs too long.
      'DEPTH_MAI_EMULATED_PI4': str(self.folder / 'no_board'),
      'MPLBACKEND': 'module://matplotlib_inline.backend_inline',
      'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
    }
    with mock.patch.dict(os.environ, kept):
      notebook = notebooks.run(
        notebooks.FOLDER / f'{name}.ipynb', self.folder, timeout_s=600
      )
    self.assertNotEmpty(notebooks.pictures(notebooks.picture_cell(notebook)))
    return {
      cell.id: ''.join(_texts(cell.outputs))
      for cell in notebook.cells
      if cell.cell_type == 'code'
    }

  def read_json(self, path: str) -> Any:
    """Returns the content of a JSON file of the notebook."""
    return json.loads((self.folder / path).read_text())


def _texts(outputs: list[dict]) -> list[str]:
  return [output['text'] for output in outputs if 'text' in output]
