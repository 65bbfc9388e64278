# SPDX-License-Identifier: Apache-2.0
"""Extension of Griffe: an indented block of a docstring keeps its lines.

Tables and commands in the docstrings of modules are indented by two spaces.
Markdown would join their lines to a paragraph, so they become code blocks.
"""

import textwrap
from typing import Any

import griffe

_FENCE = '```text'
_END = 'end'


class Preformatted(griffe.Extension):
  """Rewrites the docstrings of modules."""

  def on_module(self, *, mod: griffe.Module, **kwargs: Any) -> None:
    """Rewrites the docstring of a module."""
    del kwargs
    if mod.docstring:
      mod.docstring.value = preformatted(mod.docstring.value)


def preformatted(text: str) -> str:
  """Returns a docstring whose indented blocks are code blocks.

  Args:
    text: the docstring, without its common margin.
  """
  lines, block = list[str](), list[str]()
  for line in [*text.splitlines(), _END]:
    if line.startswith('  ') or (block and not line):
      block.append(line)
      continue
    if block:
      content = textwrap.dedent('\n'.join(block)).strip('\n')
      lines += ['', _FENCE, content, '```', '']
      block = []
    lines.append(line)
  return '\n'.join(lines[:-1])
