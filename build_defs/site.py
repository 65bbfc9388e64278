# SPDX-License-Identifier: Apache-2.0
"""Hook of MkDocs: a site whose addresses mirror the checkout.

    mkdocs build --strict   # writes site/
    mkdocs serve            # shows it, and follows changes

MkDocs reads docs/ alone. Here every page has the address of its file in the
checkout, so that links between README.md, docs/ and pretrained/ work in the
repository and on the site alike, and MkDocs checks them. A source file to which
a document links becomes a page, too: no public address of the repository is
known here.
"""

from collections.abc import Iterator
import pathlib
import posixpath
import re
from typing import Any

from mkdocs.structure import files as files_lib

_ROOT = pathlib.Path(__file__).resolve().parent.parent
# Documents outside docs/.
_DOCUMENTS = ('*.md', 'benchmarks/*.md', 'pretrained/**/*.md')
_BADGE = re.compile(r'\[!\[([^]]*)\]\(https://[^)]*\)\]')
_LINK = re.compile(r'\]\(([^)\s#]+)')
# Source files that become pages -> the language of their colours.
_LANGUAGES = {'.cff': 'yaml', '.gin': 'python', '.py': 'python'}


class SourcePage(files_lib.File):
  """A source file, shown as a page."""

  def is_documentation_page(self) -> bool:
    """Returns True: MkDocs renders its content as Markdown."""
    return True


def on_files(files: files_lib.Files, config: Any) -> files_lib.Files:
  """Gives each file its path in the checkout, and adds those outside docs/.

  Args:
    files: those of docs/ and of the theme.
    config: of MkDocs.
  """
  icon = config.theme['favicon']
  documents = sorted(
    path.relative_to(_ROOT).as_posix()
    for pattern in _DOCUMENTS
    for path in _ROOT.glob(pattern)
  )
  notebooks = sorted(
    path.relative_to(_ROOT).as_posix()
    for path in _ROOT.glob('notebooks/*.ipynb')
  )
  kept, own = [], [*documents, *notebooks, icon]
  for file in files:
    if file.src_dir == config.docs_dir:
      own.append(f'docs/{file.src_uri}')
    else:
      kept.append(file)
  moved = [
    files_lib.File(path, str(_ROOT), config.site_dir, config.use_directory_urls)
    for path in own
  ]
  sources = {
    target for path in own if path.endswith('.md') for target in _sources(path)
  }
  pages = [_source_page(path, config) for path in sorted(sources)]
  return files_lib.Files([*moved, *pages, *kept])


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
  """Shows badges as text: their pictures would come from elsewhere.

  Args:
    markdown: the text of a page.
    **kwargs: not used.
  """
  del kwargs
  return _BADGE.sub(r'[\1]', markdown)


def on_page_context(context: dict, *, page: Any, **kwargs: Any) -> dict:
  """Takes the list of pages from the home page, where it has one entry.

  Args:
    context: of the template.
    page: the page.
    **kwargs: not used.
  """
  del kwargs
  if page.is_homepage:
    page.meta['hide'] = ['navigation']
  return context


def _sources(document: str) -> Iterator[str]:
  """Yields the source files to which a document links."""
  text = (_ROOT / document).read_text(encoding='utf-8')
  for link in _LINK.findall(text):
    target = posixpath.normpath(
      posixpath.join(posixpath.dirname(document), link)
    )
    if posixpath.splitext(target)[1] in _LANGUAGES:
      yield target


def _source_page(path: str, config: Any) -> SourcePage:
  """Returns the page of a source file."""
  text = (_ROOT / path).read_text(encoding='utf-8').rstrip()
  language = _LANGUAGES[posixpath.splitext(path)[1]]
  page = SourcePage(path, None, config.site_dir, config.use_directory_urls)
  # A longer fence than any in the file.
  page.content_string = f'# {path}\n\n~~~~~~{language}\n{text}\n~~~~~~\n'
  page.name = posixpath.basename(path)  # Its address ends in .py.html.
  return page
