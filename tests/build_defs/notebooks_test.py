# SPDX-License-Identifier: Apache-2.0
"""Tests of build_defs/notebooks.py, and of how the notebooks are stored."""

import base64
import io
import os
import pathlib
import re
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import nbclient
import nbformat
from nbformat import v4
import numpy as np
from PIL import Image

from build_defs import notebooks

_NAMES = tuple(sorted(path.stem for path in notebooks.FOLDER.glob('*.ipynb')))
_PROJECT = re.compile(r"^REPOSITORY = 'https://github\.com/([\w.-]+/[\w.-]+)'$")
_LINK = re.compile(r'\]\(([^)\s]+)\)')
_MACHINE_PATH = re.compile(r'/(?:home|root|tmp|work|Users|mnt)/')


def _code(notebook):
  return [cell for cell in notebook.cells if cell.cell_type == 'code']


def _badge(project, name):
  return (
    '[![Open in Colab](https://colab.research.google.com/assets/'
    'colab-badge.svg)](https://colab.research.google.com/github/'
    f'{project}/blob/main/notebooks/{name}.ipynb)'
  )


class StoredNotebooksTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    first = _code(notebooks.read(notebooks.FOLDER / f'{_NAMES[0]}.ipynb'))[0]
    self.set_up = first.source
    self.project = _PROJECT.match(self.set_up.splitlines()[0])[1]

  def test_all_are_here(self):
    self.assertLen(_NAMES, 4)

  @parameterized.parameters(*_NAMES)
  def test_it_opens_on_colab(self, name):
    notebook = notebooks.read(notebooks.FOLDER / f'{name}.ipynb')
    title, badge, *_ = notebook.cells[0].source.split('\n\n')
    self.assertStartsWith(title, '# ')
    self.assertEqual(badge, _badge(self.project, name))
    readme = (notebooks.ROOT / 'README.md').read_text()
    self.assertIn(_badge(self.project, name), readme)

  @parameterized.parameters(*_NAMES)
  def test_its_first_code_cell_installs_what_is_missing(self, name):
    notebook = notebooks.read(notebooks.FOLDER / f'{name}.ipynb')
    self.assertEqual(_code(notebook)[0].source, self.set_up)
    self.assertRegex(self.set_up, r'(?s)import depth_mai.*%pip install')
    # So that the account can be replaced in all files.
    self.assertEqual(self.set_up.count(self.project.partition('/')[0]), 1)

  @parameterized.parameters(*_NAMES)
  def test_a_sentence_precedes_each_code_cell(self, name):
    notebook = notebooks.read(notebooks.FOLDER / f'{name}.ipynb')
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
      if cell.cell_type == 'code':
        self.assertEqual(before.cell_type, 'markdown', cell.source)

  @parameterized.parameters(*_NAMES)
  def test_it_is_stored_with_one_small_picture(self, name):
    path = notebooks.FOLDER / f'{name}.ipynb'
    notebook = notebooks.read(path)
    with_output = [cell for cell in _code(notebook) if cell.outputs]
    self.assertEqual(with_output, [notebooks.picture_cell(notebook)])
    ((output,), (picture,)) = (
      with_output[0].outputs,
      notebooks.pictures(with_output[0]),
    )
    self.assertEqual(list(output.data), ['image/jpeg'])
    self.assertLess(len(picture), 60_000)
    self.assertGreater(min(Image.open(io.BytesIO(picture)).size), 100)
    for cell in _code(notebook):
      self.assertIsNone(cell.execution_count)

  @parameterized.parameters(*_NAMES)
  def test_it_names_no_folder_of_a_machine(self, name):
    notebook = notebooks.read(notebooks.FOLDER / f'{name}.ipynb')
    self.assertNotRegex(notebooks.text(notebook), _MACHINE_PATH)

  @parameterized.parameters(*_NAMES)
  def test_its_links_lead_somewhere(self, name):
    # On Colab a link to another file of the project has to be a whole address.
    address = f'https://github.com/{self.project}/blob/main/'
    notebook = notebooks.read(notebooks.FOLDER / f'{name}.ipynb')
    texts = [c.source for c in notebook.cells if c.cell_type == 'markdown']
    for link in _LINK.findall('\n'.join(texts)):
      self.assertStartsWith(link, 'https://')
      if link.startswith(address):
        path = notebooks.ROOT / link.removeprefix(address)
        self.assertTrue(path.is_file(), link)
      elif 'github.com' in link:
        self.fail(f'{link} is not of {self.project}')


class NotebooksTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _written(self, *cells):
    notebook = v4.new_notebook(cells=list(cells))
    path = self.folder / 'a.ipynb'
    nbformat.write(notebook, path)
    return path

  def _drawing(self, size):
    return v4.new_code_cell(
      f'from PIL import Image\nImage.effect_noise({size}, 90)',
      metadata={'tags': [notebooks.PICTURE_TAG]},
    )

  def test_it_runs_and_keeps_one_small_picture(self):
    path = self._written(
      v4.new_code_cell('if 1:\n  !echo a \\\n    word\n1 + 1'),
      self._drawing((1200, 900)),
    )
    executed = notebooks.run(path, self.folder)
    word, two = executed.cells[0].outputs
    self.assertIn('a word', word.text)
    self.assertEqual(two.data['text/plain'], '2')
    notebooks.store(path, executed)
    stored = notebooks.read(path)
    self.assertEmpty(stored.cells[0].outputs)
    self.assertNotIn('assert', stored.cells[0].source)
    (picture,) = notebooks.pictures(stored.cells[1])
    self.assertLessEqual(len(picture), notebooks.MOST_PICTURE_BYTES)
    self.assertIn(
      Image.open(io.BytesIO(picture)).size, [(800, 600), (640, 480), (480, 360)]
    )

  def test_a_command_that_fails_ends_the_run(self):
    path = self._written(v4.new_code_cell('!exit 3\n!echo further'))
    with self.assertRaisesRegex(
      nbclient.exceptions.CellExecutionError, 'This command failed'
    ):
      notebooks.run(path, self.folder)

  def test_a_run_without_a_picture_is_not_stored(self):
    path = self._written(
      v4.new_code_cell('1', metadata={'tags': [notebooks.PICTURE_TAG]})
    )
    before = path.read_bytes()
    with self.assertRaisesRegex(ValueError, 'a.ipynb: there is no picture'):
      notebooks.store(path, notebooks.read(path))
    self.assertEqual(path.read_bytes(), before)

  def test_one_cell_has_the_picture(self):
    notebook = v4.new_notebook(cells=[v4.new_code_cell('1')])
    with self.assertRaisesRegex(ValueError, "0 cells have the tag 'picture'"):
      notebooks.picture_cell(notebook)

  def test_text_has_code_in_blocks(self):
    notebook = {
      'cells': [
        {'cell_type': 'markdown', 'source': ['# A\n', 'b']},
        {'cell_type': 'code', 'source': '!python -m depth_mai.train'},
      ]
    }
    self.assertEqual(
      notebooks.text(notebook), '# A\nb\n\n```\n!python -m depth_mai.train\n```'
    )

  def test_all_by_default(self):
    self.enter_context(mock.patch.object(notebooks, 'FOLDER', self.folder))
    path = self._written(self._drawing((200, 150)))
    executed = notebooks.read(path)
    file = io.BytesIO()
    Image.fromarray(np.zeros((150, 200, 3), np.uint8)).save(file, 'PNG')
    executed.cells[0].outputs = [
      v4.new_output(
        'display_data',
        {'image/png': base64.b64encode(file.getvalue()).decode()},
      )
    ]
    with mock.patch.object(notebooks, 'run', return_value=executed) as run:
      self.assertEqual(notebooks.main([]), 0)
    self.assertEqual(run.call_args.args[0], path)
    self.assertFalse(os.path.exists(run.call_args.args[1]))
    self.assertLen(notebooks.pictures(notebooks.read(path).cells[0]), 1)


if __name__ == '__main__':
  absltest.main()
