# SPDX-License-Identifier: Apache-2.0
"""Stores verdicts and their pictures on disk, one folder each.

    <folder>/<id>/verdict.json
    <folder>/<id>/<picture>.png

A folder is written completely or not at all. To delete a verdict, stop the
server and remove its folder.
"""

from collections.abc import Callable
import json
import os
import pathlib
import re
import shutil

from depth_mai.files import atomic
from depth_mai.files import natural_order

FORMAT = 'depth_mai.judged/1'
_FILE = 'verdict.json'
_UPLOAD_KEYS = ('id', 'name', 'size', 'finished', 'options', 'data')
_KEYS = ('format', *_UPLOAD_KEYS, 'pictures', 'verdict')
_ID = re.compile('[0-9a-f]{16}')


class Archive:
  """A folder of verdicts."""

  def __init__(
    self,
    folder: str | os.PathLike[str],
    report_line: Callable[[str], object] = print,
  ):
    """Reads the verdicts; skips and reports those that cannot be read.

    Args:
      folder: the folder; it need not exist yet.
      report_line: takes a line for each verdict that is skipped.
    """
    self._folder = pathlib.Path(folder)
    self._records: dict[str, dict] = {}
    for path in sorted(self._folder.glob(f'*/{_FILE}')):
      if not _ID.fullmatch(path.parent.name):
        continue
      try:
        record = json.loads(path.read_text(encoding='utf-8'))
        missing = [key for key in _KEYS if key not in record]
        if missing or record['format'] != FORMAT:
          raise ValueError(f'it is not {FORMAT}, or lacks {missing}')
        if record['id'] != path.parent.name:
          raise ValueError(f'the id in the file is {record["id"]}')
      except (OSError, ValueError, KeyError, TypeError) as error:
        report_line(f'{path} is not a verdict ({error!r}); it is skipped.')
        continue
      self._records[record['id']] = record

  def get(self, verdict_id: str) -> dict | None:
    """Returns the record with this id, None if there is none."""
    return self._records.get(verdict_id)

  def records(self) -> list[dict]:
    """Returns all records, newest first."""
    return sorted(
      self._records.values(),
      key=lambda record: record['finished'],
      reverse=True,
    )

  def store(
    self, record: dict, pictures_dir: str | os.PathLike[str] | None
  ) -> None:
    """Writes a verdict to disk.

    Args:
      record: the verdict with its `id`; `format` and `pictures` (file names)
        are added.
      pictures_dir: folder of .png files, which are moved; need not exist.

    Raises:
      ValueError: if the record contains NaN or infinity.
      OSError: if it cannot be written.
    """
    pictures = sorted(
      pathlib.Path(pictures_dir or os.devnull).glob('*.png'),
      key=lambda path: natural_order.natural_key(path.name),
    )
    record = {
      'format': FORMAT,
      **record,
      'pictures': [path.name for path in pictures],
    }
    text = json.dumps(record, indent=2, allow_nan=False) + '\n'
    with atomic.atomic_path(self._folder / record['id']) as temporary:
      os.mkdir(temporary)
      for path in pictures:
        shutil.move(path, temporary)
      pathlib.Path(temporary, _FILE).write_text(text, encoding='utf-8')
    self._records[record['id']] = record

  def picture(self, verdict_id: str, number: int) -> bytes | None:
    """Returns a picture of a verdict as a PNG file, None if there is none.

    Args:
      verdict_id: id of the verdict.
      number: number of the picture, from 0.
    """
    names = (self.get(verdict_id) or {}).get('pictures', [])
    if not 0 <= number < len(names):
      return None
    try:
      return (self._folder / verdict_id / names[number]).read_bytes()
    except OSError:
      return None
