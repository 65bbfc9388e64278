# SPDX-License-Identifier: Apache-2.0
"""Renders the HTML templates: pages for a server, and pages of a single file.

A served page links the files of static/. A page of a single file contains them
and needs no network; its content security policy allows nothing else.
Jinja2 is imported when a page is rendered, so that a device need not have it.
"""

import base64
import datetime
import functools
import hashlib
import importlib
import os
import pathlib
import types
import typing

from PIL import Image

STATIC_DIR = pathlib.Path(__file__).parent / 'static'
_TEMPLATES_DIR = pathlib.Path(__file__).parent / 'templates'
_MIME_TYPES = {
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}


class Picture(typing.NamedTuple):
  """A picture for the macro `picture`.

  Attributes:
    source: its address; a data: URL if the page contains it.
    alternative: text for readers who cannot see it.
    width: pixels, or None.
    height: pixels, or None.
  """

  source: str
  alternative: str
  width: int | None = None
  height: int | None = None


def render(template: str, **values: object) -> str:
  """Returns a page for a server, which links the files of /static/.

  Args:
    template: its file, relative to templates/.
    **values: the template's variables, all of them; text is escaped.

  Raises:
    ValueError: if Jinja2 is not installed.
  """
  page = _environment().get_template(template)
  return page.render(inlined=None, **values)


def render_one_file(template: str, **values: object) -> str:
  """Returns a page that contains its style, scripts and icon.

  Args:
    template: its file, relative to templates/; use `embedded` for pictures.
    **values: the template's variables, all of them; text is escaped.

  Raises:
    ValueError: if Jinja2 is not installed.
  """
  page = _environment().get_template(template)
  return page.render(inlined=_inlined(), **values)


def macro(name: str, *arguments: object) -> str:
  """Returns the HTML of a macro of templates/macros.html.

  Args:
    name: of the macro.
    *arguments: its arguments; text is escaped.

  Raises:
    ValueError: if Jinja2 is not installed.
  """
  macros = _environment().get_template('macros.html').module
  return str(getattr(macros, name)(*arguments))


def embedded(path: str | os.PathLike[str], alternative: str) -> Picture:
  """Returns a picture whose bytes the page contains.

  Args:
    path: a .png, .jpg or .svg file.
    alternative: text for readers who cannot see it.

  Raises:
    ValueError: if the file is of another kind, or not a picture.
    OSError: if the file cannot be read.
  """
  path = pathlib.Path(path)
  mime_type = _MIME_TYPES.get(path.suffix.lower())
  if mime_type is None:
    raise ValueError(
      f'{path} cannot be put into a page; a picture there must end in one of '
      f'{sorted(_MIME_TYPES)}.'
    )
  size: tuple[int, int] | tuple[None, None] = (None, None)
  if mime_type != 'image/svg+xml':
    try:
      with Image.open(path) as image:
        size = image.size
    except Image.UnidentifiedImageError as error:
      raise ValueError(f'{path} is not a {path.suffix} picture.') from error
  return Picture(data_url(mime_type, path.read_bytes()), alternative, *size)


def optional_package(name: str, extra: str = 'judge') -> types.ModuleType:
  """Imports a package that the base installation lacks.

  Args:
    name: of the package.
    extra: the extra of depth_mai that installs it, for the message.

  Raises:
    ValueError: if it is not installed; the message says how to install it.
  """
  try:
    return importlib.import_module(name)
  except ImportError as error:
    raise ValueError(
      f'Web pages need {name}, which cannot be imported here ({error}): '
      f"run pip install '.[{extra}]' in the checkout."
    ) from error


@functools.cache
def _environment() -> typing.Any:
  jinja2 = optional_package('jinja2')
  environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES_DIR),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )
  environment.filters['moment'] = moment
  environment.filters['file_size'] = file_size
  return environment


@functools.cache
def _inlined() -> dict:
  """Returns style, script, icon and policy of a page of a single file."""
  markup = optional_package('markupsafe').Markup
  style = (STATIC_DIR / 'style.css').read_text(encoding='utf-8')
  script = (STATIC_DIR / 'tables.js').read_text(encoding='utf-8')
  icon = (STATIC_DIR / 'icon.svg').read_bytes()
  return {
    'style': markup(style),
    'script': markup(script),
    'icon': data_url('image/svg+xml', icon),
    'policy': policy(style, script),
  }


def policy(style: str, script: str) -> str:
  """Returns the content security policy of a page of a single file.

  Args:
    style: its inline style; nothing else may style it.
    script: its inline script; nothing else may run.
  """
  return (
    f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
    f'script-src {_hash(script)}'
  )


def _hash(text: str) -> str:
  """Returns the source by which a policy allows an inline style or script."""
  digest = hashlib.sha256(text.encode()).digest()
  return f"'sha256-{base64.b64encode(digest).decode()}'"


def data_url(mime_type: str, content: bytes) -> str:
  """Returns an address that contains the bytes of a file."""
  return f'data:{mime_type};base64,{base64.b64encode(content).decode()}'


def moment(text: str | None) -> str:
  """Formats an ISO 8601 date and time as '1 March 2026, 12:05 UTC'.

  Args:
    text: the date; any other text is returned unchanged.
  """
  try:
    when = datetime.datetime.fromisoformat(str(text))
  except ValueError:
    return str(text or 'at an unknown time')
  zone = ''
  if when.tzinfo:
    when, zone = when.astimezone(datetime.UTC), ' UTC'
  return f'{when.day} {when:%B %Y, %H:%M}{zone}'


def file_size(size: int) -> str:
  """Formats a size as '2.92 MB' (10^6 bytes) or '528 bytes'."""
  return f'{size / 1e6:,.2f} MB' if size >= 100_000 else f'{size:,} bytes'
