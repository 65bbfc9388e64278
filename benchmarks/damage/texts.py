# SPDX-License-Identifier: Apache-2.0
"""Damages JSON, JSON lines, gin, TOML and lists of names."""

import json
import re
from typing import Any

from benchmarks.damage import damage as damage_lib

Damage = damage_lib.Damage
Random = damage_lib.Random
pick = damage_lib.pick

_DEEP = 100_000
# Texts of values that no writer of the project writes.
_JSON_VALUES = (
  'null',
  'true',
  '-1',
  '0',
  '1e308',
  '1e999',
  '9' * 400,
  '9' * 5000,
  'NaN',
  '-Infinity',
  '""',
  r'"\ud800"',
  r'"\u001b[2J\u0007"',
  '"' + 'x' * 5000 + '"',
  '[]',
  '{}',
  '[[]]',
  '{"a": {"a": 1}}',
  '[' * _DEEP + ']' * _DEEP,
  '{"a":' * _DEEP + '1' + '}' * _DEEP,
  '"2.5"',
  '0.5',
)
_MARK = '"<here>"'


def _nodes(value: Any, path: tuple = ()) -> list[tuple]:
  """Returns the paths of all values inside a JSON value."""
  found = [path]
  children = (
    value.items()
    if isinstance(value, dict)
    else enumerate(value)
    if isinstance(value, list)
    else ()
  )
  for key, child in children:
    found += _nodes(child, (*path, key))
  return found


def _changed_json(text: str, random: Random) -> tuple[str, str]:
  """Returns what was done, and a JSON text with one value changed."""
  document = json.loads(text)
  path = pick(random, _nodes(document))
  indent = 2 if '\n' in text.strip() else None
  if not path:
    new = pick(random, _JSON_VALUES)
    return f'all replaced by {new[:20]}', new
  owner = document
  for key in path[:-1]:
    owner = owner[key]
  name = '/'.join(map(str, path))
  choice = pick(random, ('value', 'value', 'value', 'drop', 'rename'))
  if choice == 'drop':
    del owner[path[-1]]
    return f'{name} dropped', json.dumps(document, indent=indent)
  if choice == 'rename' and isinstance(owner, dict):
    owner[f'{path[-1]}x'] = owner.pop(path[-1])
    return f'{name} renamed', json.dumps(document, indent=indent)
  owner[path[-1]] = json.loads(_MARK)
  new = pick(random, _JSON_VALUES)
  text = json.dumps(document, indent=indent).replace(_MARK, new)
  return f'{name} set to {new[:20]}', text


def _encoded(text: str) -> bytes:
  return text.encode('utf-8', 'surrogatepass')


def damaged_json(content: bytes, random: Random) -> Damage:
  """Changes a value of a JSON file, or the form of the file."""
  if random.random() < 0.15:
    return _other_form(content, random)
  what, text = _changed_json(content.decode(), random)
  return Damage(what, _encoded(text))


def damaged_json_lines(content: bytes, random: Random) -> Damage:
  """Changes a line of a JSON lines file."""
  lines = content.decode().splitlines(keepends=True)
  at = int(random.integers(len(lines)))
  choice = pick(random, ('value', 'value', 'value', 'line', 'line', 'form'))
  if choice == 'form':
    return _other_form(content, random)
  if choice == 'value':
    what, text = _changed_json(lines[at], random)
    lines[at] = text + '\n'
    return Damage(f'line {at + 1}: {what}', _encoded(''.join(lines)))
  return _changed_lines(lines, at, random)


def _changed_lines(lines: list[str], at: int, random: Random) -> Damage:
  """Damages the lines of a text as crashes and editors do."""
  line = lines[at]
  garbage = pick(random, ('garbage', '}{', '\x00\x00', '<<<<<<< HEAD', '#'))
  changed = {
    'doubled': line * 2,
    'without its newline': line.rstrip('\n'),
    'cut in half': line[: len(line) // 2] + '\n',
    'cut in half, no newline': line[: len(line) // 2],
    'after garbage': f'{garbage}\n{line}',
    'with garbage': line.replace('\n', f'{garbage}\n'),
    'blank': '\n\n',
    'indented': f'\t  {line}',
  }
  choice = pick(random, sorted(changed))
  lines[at] = changed[choice]
  return Damage(f'line {at + 1}: {choice}', _encoded(''.join(lines)))


def _other_form(content: bytes, random: Random) -> Damage:
  """Changes the encoding, the newlines or the end of a text."""
  text = content.decode()
  lines = text.splitlines(keepends=True)
  forms = {
    'a byte order mark': b'\xef\xbb\xbf' + content,
    'UTF-16': text.encode('utf-16'),
    'Latin-1': content + b'# caf\xe9\n',
    'CRLF': text.replace('\n', '\r\n').encode(),
    'CR': text.replace('\n', '\r').encode(),
    'no newline at the end': content.rstrip(b'\n'),
    'the lines in reverse order': ''.join(reversed(lines)).encode(),
    'all twice': content * 2,
    'empty': b'',
    'blank': b' \n' * 9,
  }
  form = pick(random, sorted(forms))
  return Damage(form, forms[form])


_GIN_VALUES = (
  '0',
  '-1',
  '1e999',
  "'text'",
  'None',
  'True',
  '[]',
  '()',
  '{}',
  "{'a': [1, (2,)]}",
  '9' * 400,
  '%unknown_macro',
  '%gin.REQUIRED',
  '@unknown()',
  '@train()',
  '@train',
  '(' * 2000 + ')' * 2000,
  '[' * 200 + ']' * 200,
  "'\x1b[2J'",
  "'\\ud800'",
  '__import__("os").getcwd()',
  '1 +',
  "'never closed",
)
_GIN_LINES = (
  'include "{name}"',
  'include "no_such_file.gin"',
  'include "."',
  'include "/dev/null"',
  'loop = %loop',
  'one = %two\ntwo = %one\ntrain.epochs = %one',
  'train.epochs = %train.epochs',
  'train.no_such_parameter = 1',
  'no_such_function.x = 1',
  'a/b/train.epochs = 1',
  'train.epochs = 1',
  'train.epochs = 1\ntrain.epochs = 2',
  'import no_such_module',
  'from os import path',
  '= 3',
  'train. = 3',
  'train.epochs',
  '\ttrain.epochs = 3',
  '# -*- coding: utf-7 -*-',
  'train.workdir = "/"',
)


def damaged_gin(content: bytes, random: Random) -> Damage:
  """Changes a value or a line of a gin configuration."""
  lines = content.decode().splitlines(keepends=True)
  choice = pick(random, ('value', 'value', 'line', 'lines', 'form'))
  bindings = [
    number for number, line in enumerate(lines) if re.match(r'[\w./]+ = ', line)
  ]
  if choice == 'form':
    return _other_form(content, random)
  if choice == 'lines':
    return _changed_lines(lines, int(random.integers(len(lines))), random)
  if choice == 'value':
    at, value = pick(random, bindings), pick(random, _GIN_VALUES)
    name = lines[at].split(' = ')[0]
    lines[at] = f'{name} = {value}\n'
    return Damage(f'{name} = {value[:30]}', _encoded(''.join(lines)))
  line = pick(random, _GIN_LINES)
  at = int(random.integers(len(lines) + 1))
  lines.insert(at, line.replace('{name}', 'damaged.gin') + '\n')
  return Damage(f'line {at + 1}: {line[:40]}', _encoded(''.join(lines)))


_TOML_VALUES = (
  '0',
  '-1',
  'nan',
  'inf',
  '1e400',
  '9' * 400,
  '""',
  '"x"',
  '[]',
  '{}',
  'true',
  '1979-05-27T07:32:00Z',
  '"\\u001b[2J"',
  '"/etc/{id}.png"',
  '"../{id}.png"',
  '"{id}{id}"',
  '"{nothing}"',
  '"["',
  '[[1, 2], ["a"]]',
  '[' * 5000 + ']' * 5000,
  "'''",
)


def damaged_toml(content: bytes, random: Random) -> Damage:
  """Changes a value or a line of a TOML file."""
  lines = content.decode().splitlines(keepends=True)
  choice = pick(random, ('value', 'value', 'value', 'lines', 'form'))
  keys = [
    number
    for number, line in enumerate(lines)
    if re.match(r'[# ]*\w+ = ', line)
  ]
  if choice == 'form':
    return _other_form(content, random)
  if choice == 'lines':
    return _changed_lines(lines, int(random.integers(len(lines))), random)
  at, value = pick(random, keys), pick(random, _TOML_VALUES)
  name = lines[at].split(' = ')[0].strip('# ')
  lines[at] = f'{name} = {value}\n'
  return Damage(f'{name} = {value[:30]}', _encoded(''.join(lines)))


def damaged_list(content: bytes, random: Random) -> Damage:
  """Changes a line of a list of names."""
  if random.random() < 0.2:
    return _other_form(content, random)
  lines = content.decode().splitlines(keepends=True)
  at = int(random.integers(len(lines)))
  if random.random() < 0.5:
    return _changed_lines(lines, at, random)
  new = pick(random, (*damage_lib.NASTY_TEXTS, '/', '.', '..', '*', 'a b c d'))
  lines[at] = new + '\n'
  return Damage(f'line {at + 1} set to {new[:20]!r}', _encoded(''.join(lines)))
