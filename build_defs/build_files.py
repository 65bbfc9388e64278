# SPDX-License-Identifier: Apache-2.0
"""Writes the BUILD files: a target per module and test, deps from its imports.

    python -m build_defs.build_files           # writes what is missing or stale
    python -m build_defs.build_files --check   # names the stale files, exits 1

A folder with an `__init__.py` gets `:package`; each module gets a target of its
own name, and so does each `*_test.py`. `:tests` runs all tests of a folder that
have no tags in one process, so that TensorFlow is imported once. The deps are
the project's modules that the file imports anywhere. A file that reads the
`__path__` of a package imports all its modules, and so depends on them. The
`data`, `size` and `tags` of a target, and any other statement, are written by
hand and preserved.
"""

import argparse
import ast
from collections.abc import Iterator
import pathlib
import sys
from typing import Any

# The folders of the checkout that hold Python files.
_SOURCE_FOLDERS = (
  'benchmarks',
  'build_defs',
  'datasets',
  'depth_mai',
  'notebooks',
  'tests',
)
_PROJECT_MODULES = ('benchmarks', 'build_defs', 'depth_mai', 'tests')
# A builder in datasets/ is imported from here (depth_mai/datasets/__init__.py).
_DATASETS_PACKAGE = 'depth_mai.datasets'
_MACROS_FILE = '//build_defs:depth.bzl'
_MACROS = ('depth_folder_tests', 'depth_library', 'depth_package', 'depth_test')
_KEPT_ARGUMENTS = ('size', 'data', 'tags')


def label(path: pathlib.PurePath) -> str:
  """Returns the label of a Python file.

  Args:
    path: the file, relative to the checkout.
  """
  target = 'package' if path.name == '__init__.py' else path.stem
  if target.endswith('_test'):
    target += '_library'  # A test cannot be a dependency.
  return f'//{path.parent.as_posix()}:{target}'


def module_name(path: pathlib.PurePath) -> str:
  """Returns the name under which a Python file is imported.

  Args:
    path: the file, relative to the checkout.
  """
  parts = list(path.with_suffix('').parts)
  if parts[0] == 'datasets':
    parts = _DATASETS_PACKAGE.split('.') + parts[1:]
  if parts[-1] == '__init__':
    parts.pop()
  return '.'.join(parts)


def source_files(root: pathlib.Path) -> list[pathlib.PurePath]:
  """Returns the Python files of a checkout, relative to it, sorted."""
  return sorted(
    path.relative_to(root)
    for folder in _SOURCE_FOLDERS
    for path in (root / folder).rglob('*.py')
  )


def imported_names(
  source: str, path: pathlib.PurePath
) -> Iterator[tuple[str, ...]]:
  """Yields the imported names of a file, the longest possible module first.

  Args:
    source: the text of the file.
    path: the file, relative to the checkout; relative imports start from it.

  Yields:
    One tuple for each imported name: for `from a.b import c` this is
    `('a.b.c', 'a.b')`, since c may be a module or a name inside one.
  """
  here = module_name(path.parent / '__init__.py').split('.')
  for node in ast.walk(ast.parse(source, filename=str(path))):
    if isinstance(node, ast.Import):
      for alias in node.names:
        yield (alias.name,)
    elif isinstance(node, ast.ImportFrom):
      above = here[: len(here) - node.level + 1] if node.level else []
      base = '.'.join(above + ([node.module] if node.module else []))
      for alias in node.names:
        yield (f'{base}.{alias.name}', base)


def dependencies(
  root: pathlib.Path, path: pathlib.PurePath, modules: dict[str, str]
) -> list[str]:
  """Returns the labels of the project's modules that a file imports.

  Args:
    root: the checkout.
    path: the file, relative to the checkout.
    modules: the label of each of the project's modules, by its name.

  Raises:
    ValueError: the file imports a module of the project that does not exist.
  """
  found = set()
  source = (root / path).read_text()
  for candidates in imported_names(source, path):
    known = [modules[name] for name in candidates if name in modules]
    if known:
      found.add(known[0])
    elif candidates[-1].split('.')[0] in _PROJECT_MODULES:
      raise ValueError(
        f'{path} imports {candidates[-1]}, which does not exist; change the '
        f'import or add {candidates[-1].replace(".", "/")}.py'
      )
  found.update(_discovered(root, path, source, modules))
  return sorted(found - {label(path)})


def _discovered(
  root: pathlib.Path,
  path: pathlib.PurePath,
  source: str,
  modules: dict[str, str],
) -> Iterator[str]:
  """Yields the labels of the modules in packages whose `__path__` a file reads.

  A module that imports the file is left out: Bazel allows no cycles.
  """
  tree = ast.parse(source)
  packages = {
    alias.asname or alias.name: f'{node.module}.{alias.name}'
    for node in ast.walk(tree)
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
  }
  for node in ast.walk(tree):
    if not (isinstance(node, ast.Attribute) and node.attr == '__path__'):
      continue
    package = packages.get(getattr(node.value, 'id', ''))
    for name, target in modules.items():
      if name.rpartition('.')[0] != package or target.endswith(':package'):
        continue
      module = pathlib.PurePath(target[2:].replace(':', '/') + '.py')
      imported = imported_names((root / module).read_text(), module)
      if module_name(path) not in (names[0] for names in imported):
        yield target


def _written_by_hand(text: str) -> tuple[dict[str, dict[str, str]], list[str]]:
  """Returns the parts of a BUILD file that are preserved.

  Args:
    text: the BUILD file. Its syntax is a part of Python's.

  Returns:
    The preserved arguments of each target as source text, by the target's name,
    and the statements that this tool does not write.
  """
  arguments, statements = {}, []
  for node in ast.parse(text).body:
    call: Any = getattr(node, 'value', None)
    name = getattr(getattr(call, 'func', None), 'id', '')
    if name == 'load' and call.args[0].value == _MACROS_FILE:
      continue
    if name not in _MACROS:
      statements.append(ast.get_source_segment(text, node) or '')
      continue
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    nameless = {'depth_package': 'package', 'depth_folder_tests': 'tests'}
    target = nameless.get(name) or given['name'].value
    arguments[target] = {
      key: ast.get_source_segment(text, given[key]) or ''
      for key in _KEPT_ARGUMENTS
      if key in given
    }
  return arguments, statements


def _call(macro: str, arguments: dict[str, str]) -> str:
  """Returns a call as Bazel's formatter writes it."""
  if len(arguments) <= 1 and not any('\n' in v for v in arguments.values()):
    inside = ''.join(f'{key} = {value}' for key, value in arguments.items())
    return f'{macro}({inside})\n'
  lines = ''.join(f'    {key} = {v},\n' for key, v in arguments.items())
  return f'{macro}(\n{lines})\n'


def _list(labels: list[str], folder: str) -> str:
  """Returns a list of labels, those of the same folder in their short form."""
  here = f'//{folder}:'
  labels = sorted(labels, key=lambda name: (here not in name, name.split(':')))
  if len(labels) == 1:
    lines = f'["{labels[0]}"]'
  else:
    lines = '[\n' + ''.join(f'        "{x}",\n' for x in labels) + '    ]'
  return lines.replace(f'"{here}', '":')


def build_file(
  root: pathlib.Path,
  folder: pathlib.PurePath,
  files: list[pathlib.PurePath],
) -> str:
  """Returns the text that the BUILD file of a folder must have.

  Args:
    root: the checkout.
    folder: the folder, relative to the checkout.
    files: all Python files of the checkout, as `source_files` returns them.

  Raises:
    ValueError: a module of the folder has no `__init__.py` next to it, or a
      file imports a module that does not exist.
  """
  modules = {module_name(path): label(path) for path in files}
  inside = [path for path in files if path.parent == folder]
  build = root / folder / 'BUILD'
  kept, statements = _written_by_hand(
    build.read_text() if build.exists() else ''
  )
  calls = []
  used = set()

  def add(macro, target, arguments):
    used.add(macro)
    given = arguments | kept.get(target, {})
    order = ('name', 'parent', 'names', *_KEPT_ARGUMENTS, 'deps')
    calls.append(
      _call(macro, {key: given[key] for key in order if key in given})
    )

  has_package = folder / '__init__.py' in inside
  if has_package:
    above = module_name(folder / '__init__.py').rpartition('.')[0]
    parent = {'parent': f'"{modules[above]}"'} if above in modules else {}
    add('depth_package', 'package', parent)
  for path in inside:
    if path.name == '__init__.py':
      continue
    is_test = path.stem.endswith('_test')
    if not is_test and not has_package:
      raise ValueError(
        f'{path} is a module, but {folder}/ has no __init__.py; add one that '
        'holds a docstring'
      )
    labels = dependencies(root, path, modules)
    if not is_test:
      # The macro depth_library adds this package itself.
      own = label(folder / '__init__.py')
      labels = [name for name in labels if name != own]
    arguments = {'name': f'"{path.stem}"'}
    if labels:
      arguments['deps'] = _list(labels, folder.as_posix())
    add('depth_test' if is_test else 'depth_library', path.stem, arguments)
  together = [
    path.stem
    for path in inside
    if path.stem.endswith('_test') and 'tags' not in kept.get(path.stem, {})
  ]
  if together:
    names = _list(together, folder.as_posix())
    add('depth_folder_tests', 'tests', {'names': names})

  loads = ', '.join(f'"{name}"' for name in (_MACROS_FILE, *sorted(used)))
  parts = [f'load({loads})\n'] if used else []
  parts += [f'{statement}\n' for statement in statements]
  return '\n'.join(parts + calls)


def stale_build_files(root: pathlib.Path) -> dict[pathlib.Path, str]:
  """Returns the BUILD files that differ from the sources.

  Args:
    root: the checkout.

  Returns:
    The text that each stale or missing BUILD file must have, by its path.
  """
  files = source_files(root)
  stale = {}
  for folder in sorted({path.parent for path in files}):
    path = root / folder / 'BUILD'
    text = build_file(root, folder, files)
    if not path.exists() or path.read_text() != text:
      stale[path] = text
  return stale


def main(arguments: list[str] | None = None) -> int:
  """Writes the stale BUILD files, or names them; returns the exit status."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--check', action='store_true', help='change nothing')
  check = parser.parse_args(arguments).check
  root = pathlib.Path(__file__).resolve().parent.parent
  stale = stale_build_files(root)
  for path, text in stale.items():
    print(('stale: ' if check else 'wrote ') + str(path.relative_to(root)))
    if not check:
      path.write_text(text)
  return int(check and bool(stale))


if __name__ == '__main__':
  sys.exit(main())
