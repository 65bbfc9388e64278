# SPDX-License-Identifier: Apache-2.0
"""Stores verdicts and their pictures on disk, one folder each.

    <folder>/<id>/verdict.json
    <folder>/<id>/<picture>.png

A folder is written completely or not at all. A verdict that cannot be written
is kept in memory, and tried again. To delete a verdict, stop the server and
remove its folder.
"""

from collections.abc import Callable
import dataclasses
import json
import os
import pathlib
import re
import threading

from depth_mai.files import atomic
from depth_mai.files import failures
from depth_mai.files import natural_order
from depth_mai.files import regular_files
from depth_mai.judging.web import verdict_page

FORMAT = 'depth_mai.judged/1'
_FILE = 'verdict.json'
_KINDS = {
  'format': str,
  'id': str,
  'name': str,
  'size': int,
  'finished': str,
  'options': dict,
  'data': dict,
  'pictures': list,
  'verdict': dict,
}
_ID = re.compile('[0-9a-f]{16}')


@dataclasses.dataclass
class _Unsaved:
  """A verdict that could not be written to disk yet.

  Attributes:
    text: the JSON of its record.
    pictures: its PNG files by name.
    why: why it could not be written.
  """

  text: str
  pictures: dict[str, bytes]
  why: str = ''


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
    self._unsaved: dict[str, _Unsaved] = {}
    self._writing = threading.Lock()
    for folder in sorted(self._folder.glob('*')):
      path = folder / _FILE
      # A link to nowhere is there, too.
      if not _ID.fullmatch(folder.name) or not os.path.lexists(path):
        continue
      try:
        record = json.loads(regular_files.read_text(path))
        wrong = [
          key
          for key, kind in _KINDS.items()
          if not isinstance(record[key], kind)
        ]
        if wrong or record['format'] != FORMAT:
          raise ValueError(f'it is not {FORMAT}, or these are wrong: {wrong}')
        if not all(map(_is_picture, record['pictures'])):
          raise ValueError('its pictures are not names of .png files')
        if record['id'] != path.parent.name:
          raise ValueError(f'the id in the file is {record["id"]}')
        # One that cannot be shown would spoil the page with all of them.
        verdict_page.check(record)
      except Exception as error:  # Damaged content raises errors of any type.
        why = failures.reason(error)
        report_line(f'{path} is not a verdict ({why}); it is skipped.')
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
  ) -> bool:
    """Writes a verdict to disk; keeps it in memory where that fails.

    Args:
      record: the verdict with its `id`; `format` and `pictures` (file names)
        are added.
      pictures_dir: folder of .png files; need not exist.

    Returns:
      Whether it is on disk; if not, `retry` tries again.

    Raises:
      ValueError: if the record contains NaN or infinity.
    """
    paths = sorted(
      pathlib.Path(pictures_dir or os.devnull).glob('*.png'),
      key=lambda path: natural_order.natural_key(path.name),
    )
    record = {
      'format': FORMAT,
      **record,
      'pictures': [path.name for path in paths],
    }
    text = json.dumps(record, indent=2, allow_nan=False) + '\n'
    pictures = {path.name: path.read_bytes() for path in paths}
    self._unsaved[record['id']] = _Unsaved(text, pictures)
    self._records[record['id']] = record
    return record['id'] not in self.retry()

  def retry(self) -> list[str]:
    """Tries to write the verdicts that are not on disk.

    Returns:
      The ids of those that still are not.
    """
    with self._writing:
      for verdict_id, unsaved in list(self._unsaved.items()):
        try:
          with atomic.atomic_path(self._folder / verdict_id) as temporary:
            os.mkdir(temporary)
            for name, content in unsaved.pictures.items():
              pathlib.Path(temporary, name).write_bytes(content)
            text_path = pathlib.Path(temporary, _FILE)
            text_path.write_text(unsaved.text, encoding='utf-8')
        except OSError as error:
          unsaved.why = error.strerror or str(error)
          continue
        del self._unsaved[verdict_id]
    return list(self._unsaved)

  def why_unsaved(self, verdict_id: str) -> str:
    """Returns why a verdict is not on disk; '' if it is."""
    unsaved = self._unsaved.get(verdict_id)
    return unsaved.why if unsaved else ''

  def picture(self, verdict_id: str, number: int) -> bytes | None:
    """Returns a picture of a verdict as a PNG file, None if there is none.

    Args:
      verdict_id: id of the verdict.
      number: number of the picture, from 0.
    """
    names = (self.get(verdict_id) or {}).get('pictures', [])
    if not 0 <= number < len(names):
      return None
    unsaved = self._unsaved.get(verdict_id)
    if unsaved:
      return unsaved.pictures[names[number]]
    try:
      path = self._folder / verdict_id / names[number]
      return regular_files.read_bytes(path)
    except OSError:
      return None


def _is_picture(name: object) -> bool:
  """Returns whether a name can be that of a picture in a verdict's folder."""
  return (
    isinstance(name, str)
    and name.endswith('.png')
    and name == pathlib.PurePath(name).name
  )
