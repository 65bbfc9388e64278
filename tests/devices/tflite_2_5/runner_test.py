# SPDX-License-Identifier: Apache-2.0
import ast
import pathlib

from absl.testing import absltest

from build_defs import build_files
from depth_mai.devices.tflite_2_5 import runner

_ROOT = pathlib.Path(__file__).resolve().parents[3]


def _imported(path):
  """Returns the project's files that a file imports, and those they import."""
  files = {
    build_files.module_name(one): one for one in build_files.source_files(_ROOT)
  }
  found, waiting = set(), [path]
  while waiting:
    one = waiting.pop()
    if one in found:
      continue
    found.add(one)
    names = build_files.imported_names((_ROOT / one).read_text(), one)
    waiting += [
      files[name] for both in names for name in both[:1] if name in files
    ]
  return sorted(found)


class RunnerTest(absltest.TestCase):
  def test_python_3_8_can_read_what_it_imports(self):
    paths = _imported(pathlib.PurePath(runner.__file__).relative_to(_ROOT))
    self.assertGreater(len(paths), 3)
    for path in paths:
      text = (_ROOT / path).read_text()
      ast.parse(text, feature_version=(3, 8))
      # Otherwise Python 3.8 would evaluate annotations such as `int | None`.
      self.assertIn('from __future__ import annotations', text, path)


if __name__ == '__main__':
  absltest.main()
