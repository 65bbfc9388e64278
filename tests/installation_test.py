# SPDX-License-Identifier: Apache-2.0
"""Builds the sdist and the wheel, and tries the wheel in fresh environments."""

import functools
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.files import ready_models

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_SOURCES = (
  'LICENSE', 'MANIFEST.in', 'README.md', 'pyproject.toml', 'setup.cfg',
  'datasets', 'depth_mai', 'gin_configs', 'pretrained',
)  # fmt: skip
_VERSIONS = ('3.11', '3.12', '3.13')
# Of depth_mai and absl-py, without bytecode, that is, beyond NumPy, Pillow and
# LiteRT with its own dependencies.
_MOST_BYTES = 6e6
_BUILD = """
import sys
from setuptools import build_meta
build_meta.build_sdist(sys.argv[1])
"""
# Prints the bytes of depth_mai and absl-py.
_SIZE = """
import importlib.metadata as metadata
print(sum(
  path.locate().stat().st_size for name in ('absl-py', 'depth_mai')
  for path in metadata.files(name) if path.suffix != '.pyc'
))
"""
_THREE_LINES = """
import sys
import depth_mai
depth_m = depth_mai.load()('ramp.png')
print(depth_m.shape, depth_m.dtype, depth_mai.points(depth_m).shape)
heavy = {'gin', 'keras', 'matplotlib', 'tensorflow'} & set(sys.modules)
print(sorted(heavy), depth_mai.__file__)
"""
_GIN_FILE = """
from depth_mai.files import config_files
for piece in config_files.pieces(config_files.find('gin_configs/tcl.gin')):
  print(piece.read())
"""


def _environment():
  """Returns the variables of a user: nothing of the checkout or its tests."""
  kept = {k: v for k, v in os.environ.items() if not k.startswith('PYTHON')}
  return {**kept, 'DEPTH_MAI_READY_URL': ''}


def _run(folder, *command):
  return subprocess.run(
    [str(part) for part in command],
    cwd=folder,
    env=_environment(),
    capture_output=True,
    text=True,
    check=False,
  )


def _pythons():
  """Returns an interpreter of each version that is found."""
  found = {}
  for version in _VERSIONS:
    places = glob.glob(
      os.path.expanduser(f'~/.pyenv/versions/{version}.*/bin/python')
    )
    places += filter(None, [shutil.which(f'python{version}')])
    if places:
      found[version] = places[0]
  found['{}.{}'.format(*sys.version_info)] = sys.executable
  return found


@functools.cache
def _built():
  """Returns (folder, '') with sdist and wheel, or ('', why there is none)."""
  folder = pathlib.Path(tempfile.mkdtemp(prefix='installation_'))
  checkout = folder / 'checkout'
  checkout.mkdir()
  for name in _SOURCES:
    if (_ROOT / name).is_dir():
      shutil.copytree(
        _ROOT / name,
        checkout / name,
        ignore=shutil.ignore_patterns('__pycache__', '*.npz'),
      )
    else:
      shutil.copy(_ROOT / name, checkout)
  python = folder / 'build/bin/python'
  for command in (
    (sys.executable, '-m', 'venv', folder / 'build'),
    (python, '-m', 'pip', 'install', '-q', 'setuptools>=77'),
  ):
    done = _run(folder, *command)
    if done.returncode:
      lines = (done.stderr + done.stdout).strip().splitlines()
      return '', f'no environment with pip and an index here: {lines[-1]}'
  done = _run(checkout, python, '-c', _BUILD, folder)
  assert not done.returncode, done.stderr
  (sdist,) = folder.glob('*.tar.gz')
  done = _run(
    folder, python, '-m', 'pip', 'wheel', '-q', '--no-deps',
    '--no-build-isolation', '--no-index', '-w', folder, sdist,
  )  # fmt: skip
  assert not done.returncode, done.stderr
  return folder, ''


class InstallationTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder, why_not = _built()
    if why_not:
      self.skipTest(why_not)
    (self.wheel,) = self.folder.glob('*.whl')

  @classmethod
  def tearDownClass(cls):
    super().tearDownClass()
    if _built()[0]:
      shutil.rmtree(_built()[0])
      _built.cache_clear()

  def _installed(self, python):
    """Returns the bin/ of a fresh environment with the wheel, and a folder."""
    root = pathlib.Path(self.create_tempdir().full_path)
    (root / 'elsewhere').mkdir()
    for command in (
      (python, '-m', 'venv', root / 'venv'),
      (root / 'venv/bin/pip', 'install', '-q', '--no-compile', self.wheel),
    ):
      done = _run(root, *command)
      if done.returncode:
        self.skipTest(f'{command[0]}: {done.stderr[-500:]}')
    ramp = np.indices((60, 80)).sum(0)[..., None] * [1, 2, 1]
    Image.fromarray(ramp.astype(np.uint8)).save(root / 'elsewhere/ramp.png')
    return root / 'venv/bin', root / 'elsewhere'

  def test_content(self):
    with zipfile.ZipFile(self.wheel) as archive:
      names = set(archive.namelist())
    wanted = {
      f'depth_mai/{path.relative_to(_ROOT).as_posix()}'
      for folder, pattern in (
        ('gin_configs', '**/*.gin'),
        ('pretrained', '*/README.md'),
        ('pretrained', 'ours_[ms]/*_int8.tflite'),
        ('pretrained', f'{ready_models.DEFAULT}/*.tflite'),
        ('pretrained', 'SHA256SUMS'),
        ('datasets', '*/layouts/*.toml'),
        ('datasets', '*/parts/*.txt'),
      )
      for path in (_ROOT / folder).glob(pattern)
    }
    wanted |= {
      path.relative_to(_ROOT).as_posix()
      for pattern in ('**/*.py', 'web/static/*', 'web/templates/**/*.html')
      for path in (_ROOT / 'depth_mai').glob(pattern)
    }
    self.assertEmpty(sorted(wanted - names))
    information = (
      f'{self.wheel.name.removesuffix("-py3-none-any.whl")}.dist-info'
    )
    for name in ('LICENSE', 'pretrained/README.md'):
      self.assertIn(f'{information}/licenses/{name}', names)
    for name in names:
      self.assertNotRegex(name, r'\.npz$|_test\.py$|^tests/|/BUILD$')
    (sdist,) = self.folder.glob('*.tar.gz')
    with tarfile.open(sdist) as archive:
      packed = {name.partition('/')[2] for name in archive.getnames()}
    in_checkout = {
      name.replace('depth_mai/gin_configs/', 'gin_configs/')
      .replace('depth_mai/pretrained/', 'pretrained/')
      .replace('depth_mai/datasets/', 'datasets/')
      for name in wanted
      if name != 'depth_mai/datasets/__init__.py'
    }
    self.assertEmpty(sorted(in_checkout - packed))

  def test_it_works_from_any_folder(self):
    programs, elsewhere = self._installed(sys.executable)
    run = functools.partial(_run, elsewhere)
    done = run(programs / 'python', '-c', _SIZE)
    self.assertLess(int(done.stdout), _MOST_BYTES, done.stderr)
    predict = ['predict', 'ramp.png', '--page', '--point_cloud']
    done = run(programs / 'depth-mai', *predict, '--output_dir=a')
    self.assertEqual(done.returncode, 0, done.stderr)
    done = run(
      programs / 'python', '-m', f'depth_mai.{predict[0]}', *predict[1:],
      '--output_dir=b',
    )  # fmt: skip
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertLen(os.listdir(elsewhere / 'a'), 5)
    for path in (elsewhere / 'a').iterdir():
      self.assertEqual(
        path.read_bytes(), (elsewhere / 'b' / path.name).read_bytes(), path
      )
    done = run(programs / 'python', '-c', _THREE_LINES)
    self.assertRegex(
      done.stdout, r'^\(60, 80\) float32 \(60, 80, 3\)\n\[\] .*site-packages'
    )
    done = run(programs / 'python', '-c', _GIN_FILE)
    self.assertIn('train.network = @tcl', done.stdout, done.stderr)
    done = run(programs / 'depth-mai', 'benchmark', '--runs=1', '--warmup=1',
               f'--model={ready_models.DEFAULT}')  # fmt: skip
    self.assertEqual(done.returncode, 0, done.stderr)
    done = run(programs / 'depth-mai', 'summary', '--model=no_such')
    self.assertRegex(done.stderr, "error: 'no_such' is neither .* systems are")
    done = run(programs / 'depth-mai', 'train', '--gin_file=x', '--workdir=x')
    self.assertRegex(done.stderr, r"^error: No module .*pip install '.\[train")

  @parameterized.parameters(*sorted(_pythons().items()))
  def test_every_python(self, version, python):
    if python == sys.executable:
      self.skipTest('test_it_works_from_any_folder is of this one.')
    programs, elsewhere = self._installed(python)
    done = _run(elsewhere, programs / 'python', '-c', _THREE_LINES)
    self.assertStartsWith(done.stdout, '(60, 80) float32', done.stderr)
    self.assertIn(f'python{version}/site-packages', done.stdout)


if __name__ == '__main__':
  absltest.main()
