# SPDX-License-Identifier: Apache-2.0
"""Checks that a module can be imported in Python 3.8."""

import ast
import pathlib
import types

from absl.testing import absltest

from build_defs import build_files

_ROOT = pathlib.Path(__file__).resolve().parents[3]


def check_imports(test: absltest.TestCase, module: types.ModuleType) -> None:
  """Checks a module and everything of the project that it imports.

  Args:
    test: the test that fails otherwise.
    module: a module of the project.
  """
  files = {
    build_files.module_name(one): one for one in build_files.source_files(_ROOT)
  }
  found, waiting = set(), [files[module.__name__]]
  while waiting:
    one = waiting.pop()
    if one in found:
      continue
    found.add(one)
    for names in build_files.imported_names((_ROOT / one).read_text(), one):
      waiting += [files[name] for name in names[:1] if name in files]
  for path in found:
    text = (_ROOT / path).read_text()
    ast.parse(text, feature_version=(3, 8))
    # Otherwise Python 3.8 would evaluate annotations such as `int | None`.
    test.assertIn('from __future__ import annotations', text, path)
  test.assertGreater(len(found), 1)
