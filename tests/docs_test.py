# SPDX-License-Identifier: Apache-2.0
"""Checks that the links, files, programs and flags in the documents exist."""

from collections.abc import Iterator
import functools
import json
import pathlib
import re
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from build_defs import build_files
from build_defs import notebooks

_ROOT = pathlib.Path(__file__).resolve().parent.parent
# The pages of the site (mkdocs.yml), what tfds shows, and the notebooks.
_SITE = ('*.md', 'benchmarks/*.md', 'docs/**/*.md', 'pretrained/**/*.md')
_DOCUMENTS = (*_SITE, 'datasets/*/*.md', 'notebooks/*.ipynb')
_SCRIPTS = ('*.sh', 'benchmarks/*.sh')
_FOLDERS = (
  'benchmarks|build_defs|datasets|depth_mai|docs|gin_configs|notebooks|tests'
)
# Files that the reader adds in docs/extending.md, and an example.
_NO_FILES = re.compile('toy|one_core|/a/b')
_CODE_BLOCK = re.compile(r'^ *```.*?^ *```', re.MULTILINE | re.DOTALL)
# A list or a table begins after a blank line, and a further paragraph of an
# item is indented by four spaces: the site's Python-Markdown needs it.
_NOT_EVERYWHERE = re.compile(
  r'^(?: {1,3}\S|(?![-*] |\d+\. |\|)\S.*\n(?:.+\n)*?(?:[-*] |\d+\. |\|))'
)
_LINK = re.compile(r'\]\(([^)\s]+)\)')
# A path from the root of the checkout; braces and stars stand for several.
_PATH = re.compile(rf'(?<![\w/.~=-])(?:{_FOLDERS})/[\w/.-]*\.\w+(?![\w*{{])')
# The rest of the line is looked ahead, as it may contain another command.
_COMMAND = re.compile(
  r'python3? (?:-m (?P<module>depth_mai\.[a-z][\w.]*\w)|'
  r'(?P<file>benchmarks/\w+)\.py)(?=(?P<rest>[^\n`]*))'
)
_FLAG = re.compile(r'(?<![\w-])--(\w+)')
# Starts programs up to the call of their main function, all in one process as
# TensorFlow takes long to import, and prints the flags that each defines.
_LIST_FLAGS = """
import json, runpy, sys
from absl import app, flags
from depth_mai import program
app.run = program.run = lambda *_, **__: None
found = {}
for name in sys.argv[1:]:
  before = set(flags.FLAGS)
  runpy.run_module(name, run_name='__main__')
  found[name] = sorted(set(flags.FLAGS) - before)
  for flag in found[name]:
    delattr(flags.FLAGS, flag)
print(json.dumps(found))
"""


def _files(patterns: tuple[str, ...]) -> list[str]:
  return sorted(
    path.relative_to(_ROOT).as_posix()
    for pattern in patterns
    for path in _ROOT.glob(pattern)
  )


def _text(name: str) -> str:
  """Returns a document as Markdown, or the text of another file."""
  text = (_ROOT / name).read_text()
  return notebooks.text(json.loads(text)) if name.endswith('.ipynb') else text


@functools.cache
def _anchors(document: pathlib.Path) -> set[str]:
  """Returns the anchors that GitHub gives to the headings of a document."""
  text = _CODE_BLOCK.sub('', document.read_text())
  headings = re.findall(r'^#+ (.*)', text, re.MULTILINE)
  return {
    re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
    for heading in headings
  }


def _commands() -> Iterator[tuple[str, str, set[str]]]:
  """Yields (file, module, flags) of each command in documents and code."""
  library = [
    path.as_posix()
    for path in build_files.source_files(_ROOT)
    if path.parts[0] in ('benchmarks', 'datasets', 'depth_mai')
    and not path.stem.endswith('_test')
  ]
  for file in _files(_DOCUMENTS + _SCRIPTS) + library:
    text = re.sub(r'\\\n', ' ', _text(file))
    for match in _COMMAND.finditer(text):
      module = match['module'] or match['file'].replace('/', '.')
      rest = re.split(r' [|;&] | && | -- |python', match['rest'])[0]
      yield file, module, set(_FLAG.findall(rest))


@functools.cache
def _defined_flags() -> dict[str, set[str]]:
  """Returns the flags of each program whose flags some command uses."""
  modules = sorted({module for _, module, used in _commands() if used})
  run = subprocess.run(
    [sys.executable, '-c', _LIST_FLAGS, *modules],
    cwd=_ROOT,
    capture_output=True,
    text=True,
  )
  if run.returncode:
    raise AssertionError(run.stderr)
  found = json.loads(run.stdout.splitlines()[-1])
  return {name: {*flags, 'help', 'helpfull'} for name, flags in found.items()}


class DocsTest(parameterized.TestCase):
  @parameterized.parameters(*_files(_DOCUMENTS))
  def test_links_lead_somewhere(self, name):
    document = _ROOT / name
    for link in _LINK.findall(_CODE_BLOCK.sub('', _text(name))):
      if re.match('https?:', link):
        continue
      path, _, anchor = link.partition('#')
      target = document.parent / path if path else document
      self.assertTrue(target.exists(), f'there is no {link}')
      if anchor:
        self.assertIn(anchor, _anchors(target), f'no heading for {link}')

  @parameterized.parameters(*_files(_SITE))
  def test_lists_and_tables_look_the_same_everywhere(self, name):
    text = _CODE_BLOCK.sub('', (_ROOT / name).read_text())
    wrong = [
      block for block in text.split('\n\n') if _NOT_EVERYWHERE.match(block)
    ]
    self.assertEmpty(
      wrong,
      'put a blank line before a list or table, and indent a further paragraph '
      'of an item by four spaces',
    )

  @parameterized.parameters(*_files(_DOCUMENTS + _SCRIPTS))
  def test_named_files_exist(self, name):
    for path in _PATH.findall(_text(name)):
      if not _NO_FILES.search(path):
        self.assertTrue((_ROOT / path).exists(), f'there is no {path}')

  def test_commands_use_flags_that_exist(self):
    wrong = [
      f'{file}: {module} has no --{flag}'
      for file, module, used in _commands()
      for flag in sorted(used)
      if flag not in _defined_flags()[module]
      and flag.removeprefix('no') not in _defined_flags()[module]
    ]
    self.assertEmpty(wrong)


if __name__ == '__main__':
  absltest.main()
