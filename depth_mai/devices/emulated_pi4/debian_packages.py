# SPDX-License-Identifier: Apache-2.0
"""Debian packages in a folder of one's own: no root, nothing installed.

apt-get is told that nothing is installed (an empty status file), so that it
downloads every dependency too; dpkg only unpacks them. The host's own lists of
sources and keys are used.
"""

import glob
import os
import re
import subprocess

_CONFIGURATION = """\
Dir::State "{root}/state";
Dir::State::Lists "{root}/state/lists";
Dir::State::Status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Cache::archives "{root}/{architecture}";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{root}/sources";
APT::Architecture "{architecture}";
APT::Architectures {{ "amd64"; "arm64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Retries "3";
Debug::NoLocking "1";
"""
_FOLDERS = ('state/lists/partial', 'cache', 'sources')
_LINES_OF_ERROR = 8


class DebianPackages:
  """A package manager's state of its own."""

  def __init__(self, root: str | os.PathLike[str]):
    """Fetches the lists of packages.

    Args:
      root: folder for lists and downloads; what it holds is used again.

    Raises:
      ValueError: if the lists cannot be fetched.
    """
    self._root = os.path.abspath(os.fspath(root))
    for name in _FOLDERS:
      os.makedirs(os.path.join(self._root, name), exist_ok=True)
    open(os.path.join(self._root, 'status'), 'w').close()
    _write_sources('/etc/apt', os.path.join(self._root, 'sources'))
    self._run('amd64', ['apt-get', '-qq', 'update'])

  def unpack(
    self, architecture: str, names: tuple[str, ...], target: str
  ) -> dict[str, str]:
    """Downloads packages with all that they need, and unpacks them.

    Args:
      architecture: 'amd64' or 'arm64'.
      names: of packages.
      target: folder to unpack into; made if missing.

    Returns:
      dict from the names of all packages to their versions.

    Raises:
      ValueError: if they cannot be downloaded or unpacked.
    """
    folder = os.path.join(self._root, architecture)
    os.makedirs(os.path.join(folder, 'partial'), exist_ok=True)
    self._run(
      architecture,
      ['apt-get', '-qq', '-y', '--download-only', 'install', *names],
    )
    os.makedirs(target, exist_ok=True)
    versions = {}
    for path in sorted(glob.glob(os.path.join(folder, '*.deb'))):
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
    """Takes one file out of the source code of a package that was unpacked.

    Args:
      source: name of the source package.
      binary: name of an 'amd64' package that is built from it.
      member: the file's path behind the name of the version.
      target: folder for it.

    Raises:
      ValueError: if the source code cannot be had or lacks the file.
    """
    folder = os.path.join(self._root, 'source')
    os.makedirs(folder, exist_ok=True)
    (package,) = glob.glob(os.path.join(self._root, 'amd64', f'{binary}_*.deb'))
    fields = self._run(
      'amd64', ['dpkg-deb', '-f', package, 'Source', 'Version']
    )
    # "Source: qemu (1:7.2)" where a rebuild gave the package a longer version.
    version = re.search(r'^Source: \S+ \((.+)\)$', fields, re.M) or re.search(
      r'^Version: (.+)$', fields, re.M
    )
    wanted = f'{source}={version[1]}'
    self._run(
      'amd64', ['apt-get', '-qq', 'source', '--download-only', wanted], folder
    )
    (archive,) = glob.glob(os.path.join(folder, f'{source}_*.orig.tar.xz'))
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
    """Runs a program of the package manager; returns what it printed."""
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
      said = (done.stderr or done.stdout).strip().splitlines()
      raise ValueError(
        f'{" ".join(command)} failed ({done.returncode}): '
        + ' '.join(said[-_LINES_OF_ERROR:])
        + ' Check the network and the package sources in /etc/apt, then run '
        'this again: it goes on where it stopped.'
      )
    return done.stdout


def _write_sources(etc_apt: str, target: str) -> None:
  """Copies the lists of sources, with source code asked for as well.

  Raises:
    ValueError: if there are none.
  """
  lists = sorted(
    glob.glob(os.path.join(etc_apt, 'sources.list'))
    + glob.glob(os.path.join(etc_apt, 'sources.list.d', '*.list'))
  )
  modern = sorted(
    glob.glob(os.path.join(etc_apt, 'sources.list.d', '*.sources'))
  )
  if not lists + modern:
    raise ValueError(
      f"There are no package sources in {etc_apt}: add a mirror of Debian's, "
      'bookworm main, to sources.list.'
    )
  for number, path in enumerate(lists + modern):
    with open(path, encoding='utf-8') as stream:
      text = with_source_code(stream.read())
    suffix = os.path.splitext(path)[1]
    name = os.path.join(target, f'{number}{suffix}')
    with open(name, 'w', encoding='utf-8') as stream:
      stream.write(text)


def with_source_code(text: str) -> str:
  """Adds the source packages to a list of sources.

  Args:
    text: of a .list or .sources file.
  """
  text = re.sub(r'^Types:.*$', 'Types: deb deb-src', text, flags=re.M)
  lines = re.findall(r'^deb (.+)$', text, flags=re.M)
  return text + ''.join(f'\ndeb-src {line}' for line in lines) + '\n'
