# SPDX-License-Identifier: Apache-2.0
"""Runs notebooks, and stores each without outputs but for one picture.

    python -m build_defs.notebooks                # all, in their full size
    python -m build_defs.notebooks your_network   # some

A notebook runs in a fresh kernel, in a temporary folder. What is stored is the
picture of its cell with the tag `picture`, as a small JPEG. A command (`!...`)
that fails stops the run, which it does not do for a reader. Needs nbclient and
ipykernel: pip install -e '.[train,test]'.
"""

import argparse
import base64
import io
import itertools
import os
import pathlib
import re
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / 'notebooks'
# Only one cell of a notebook has it; the output of that cell is stored.
PICTURE_TAG = 'picture'
MOST_PICTURE_BYTES = 60_000
# The first pair that makes a picture small enough is taken.
_PICTURE_WIDTHS, _QUALITIES = (800, 640, 480), (85, 70, 55)
_NO_PICTURE = 'there is no picture in the output of its cell with the tag'
# A command with the lines that continue it.
_COMMAND = re.compile(r'^( *)!(?:.*\\\n)*.*', re.MULTILINE)
# IPython sets _exit_code after `!`.
_CHECKED = r"\g<0>\n\1assert not _exit_code, 'This command failed.'"


def read(path: pathlib.Path) -> Any:
  """Returns a notebook of nbformat, which is valid.

  Args:
    path: the .ipynb file.

  Raises:
    nbformat.ValidationError: the file is no valid notebook.
  """
  import nbformat  # Not needed to read the text.

  notebook = nbformat.read(path, as_version=4)
  nbformat.validate(notebook)
  return notebook


def text(notebook: dict) -> str:
  """Returns the cells as one Markdown text, with code in code blocks."""
  return '\n\n'.join(
    source(cell)
    if cell['cell_type'] == 'markdown'
    else f'```\n{source(cell)}\n```'
    for cell in notebook['cells']
  )


def source(cell: dict) -> str:
  """Returns the text of a cell, which a file may hold as a list of lines."""
  return ''.join(cell['source'])


def picture_cell(notebook: dict) -> dict:
  """Returns the cell whose picture is stored.

  Raises:
    ValueError: not exactly one cell has the tag.
  """
  tagged = [
    cell
    for cell in notebook['cells']
    if PICTURE_TAG in cell['metadata'].get('tags', ())
  ]
  if len(tagged) != 1:
    raise ValueError(
      f'{len(tagged)} cells have the tag {PICTURE_TAG!r}; one must.'
    )
  return tagged[0]


def run(
  path: pathlib.Path, folder: str | os.PathLike[str], timeout_s: float = 3600
) -> Any:
  """Runs a notebook in a fresh kernel of this Python.

  Args:
    path: the .ipynb file, which stays as it is.
    folder: working directory of the kernel.
    timeout_s: longest time for a cell, seconds.

  Returns:
    The notebook with its outputs.

  Raises:
    nbclient.exceptions.CellExecutionError: a cell or a command of one failed.
  """
  import nbclient

  notebook = read(path)
  for cell in notebook.cells:
    if cell.cell_type == 'code':
      cell.source = _COMMAND.sub(_CHECKED, cell.source)
  client = nbclient.NotebookClient(
    notebook,
    timeout=timeout_s,
    kernel_name='python3',
    resources={'metadata': {'path': str(folder)}},
  )
  return client.execute()


def pictures(cell: dict) -> list[bytes]:
  """Returns the PNG and JPEG files in the outputs of a cell."""
  return [
    base64.b64decode(''.join(output['data'][kind]))
    for output in cell['outputs']
    for kind in ('image/png', 'image/jpeg')
    if kind in output.get('data', ())
  ]


def small_jpeg(picture: bytes) -> bytes:
  """Returns a picture as a JPEG file, at most MOST_PICTURE_BYTES if it can."""
  from PIL import Image

  image = Image.open(io.BytesIO(picture)).convert('RGB')
  for width, quality in itertools.product(_PICTURE_WIDTHS, _QUALITIES):
    image.thumbnail((width, 2 * width))
    file = io.BytesIO()
    image.save(file, 'JPEG', quality=quality, optimize=True)
    if len(file.getvalue()) <= MOST_PICTURE_BYTES:
      break
  return file.getvalue()


def store(path: pathlib.Path, executed: Any) -> None:
  """Replaces the stored picture of a notebook; other outputs are removed.

  Args:
    path: the .ipynb file.
    executed: result of `run`.

  Raises:
    ValueError: the run has no picture to store.
  """
  import nbformat
  from nbformat import v4

  found = pictures(picture_cell(executed))
  if not found:
    raise ValueError(f'{path}: {_NO_PICTURE} {PICTURE_TAG!r}.')
  notebook = read(path)
  for cell in notebook.cells:
    if cell.cell_type == 'code':
      cell.outputs, cell.execution_count = [], None
  jpeg = base64.b64encode(small_jpeg(found[0])).decode()
  picture_cell(notebook)['outputs'] = [
    v4.new_output('display_data', {'image/jpeg': jpeg})
  ]
  path.write_text(nbformat.writes(notebook) + '\n', encoding='utf-8')


def main(arguments: list[str] | None = None) -> int:
  """Runs and stores the named notebooks; returns the exit code."""
  parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
  names = sorted(path.stem for path in FOLDER.glob('*.ipynb'))
  parser.add_argument('name', nargs='*', default=names, metavar='NAME')
  for name in parser.parse_args(arguments).name:
    path = FOLDER / f'{name}.ipynb'
    with tempfile.TemporaryDirectory() as folder:
      store(path, run(path, folder))
    print(f'{path}: stored with its picture')
  return 0


if __name__ == '__main__':
  sys.exit(main())
