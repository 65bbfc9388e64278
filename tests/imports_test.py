# SPDX-License-Identifier: Apache-2.0
"""Checks which packages import which, and which may import TensorFlow."""

import ast
import functools
import graphlib
import pathlib
import re
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from build_defs import build_files

_ROOT = pathlib.Path(__file__).resolve().parent.parent

# All packages may import these, and each of these those before it: the facts of
# the challenge, files, pictures, and folders of pairs.
_GROUND = ('challenge', 'files', 'pictures', 'challenge_folder')
# The packages from the bottom up, each with the packages below it that it may
# import in addition to _GROUND. A package imports nothing else. A new package
# needs a line here, and a comment that says what it is for.
ALLOWED = {
  # The organisers' metrics on NumPy arrays.
  'metrics': (),
  # Templates, style and server of all web pages.
  'web': (),
  # Pictures, plots and tables of what was measured.
  'report': ('metrics', 'web'),
  # Runs .tflite files; needs only LiteRT, NumPy and Pillow.
  'runtime': (),
  # The tfds builders, which also check and preview folders.
  'datasets': ('report',),
  # From a builder's records to batches.
  'data': ('datasets',),
  # Blocks do not depend on networks, nor networks on data.
  'layers': (),
  'models': ('layers',),
  # A loss is a function of three tensors.
  'losses': (),
  # Compares features of a student with those of a teacher.
  'distillation': ('models', 'losses'),
  # Rewrites a network, calibrates it on pictures, converts it to a .tflite file
  # and compares both.
  'lite': ('metrics', 'runtime', 'data', 'layers', 'models'),
  # Trains networks on batches with losses, and validates them.
  'training': (
    'metrics',
    'report',
    'data',
    'layers',
    'models',
    'losses',
    'distillation',
  ),
  # Pre-trains networks on semantic segmentation.
  'segmentation': ('datasets', 'data', 'layers', 'models', 'training'),
  # Measures the errors of a network, a .tflite file or a folder of depth maps.
  'evaluation': ('metrics', 'runtime', 'report', 'data', 'models'),
  # Labels photographs that have no depth with the predictions of teachers.
  'labelling': ('runtime', 'evaluation'),
  # Times files on machines of several kinds.
  'devices': ('runtime',),
  # Ranks .tflite files of many systems, and publishes the leaderboard.
  'ranking': (
    'metrics',
    'runtime',
    'report',
    'data',
    'evaluation',
    'devices',
  ),
  # Judges untrusted .tflite files in a sandbox.
  'judging': (
    'metrics',
    'runtime',
    'web',
    'report',
    'data',
    'evaluation',
    'devices',
  ),
  # Live depth on the device: sources of pictures, and views.
  'streaming': ('metrics', 'web', 'runtime', 'report'),
  # Flags and errors of all programs.
  'program': (),
  # Starts a program by its name.
  'command_line': (),
  # Registers library code with gin, so that it need not import gin.
  'gin_registry': (
    'data',
    'models',
    'losses',
    'distillation',
    'lite',
    'training',
    'segmentation',
  ),
}

# These must import on a machine that has none of _NOT_ON_A_DEVICE.
DEVICE_CODE = (
  'benchmark',
  'challenge',
  'command_line',
  'data.source',
  'devices',
  'evaluation.evaluation',
  'evaluation.file_predictors',
  'files',
  'judge',
  'judging',
  'leaderboard',
  'metrics',
  'predict',
  'program',
  'ranking',
  'report',
  'runtime',
  'streaming',
  'summary',
  'web.guard',
  'web.pages',
  'web.serving',
  'web.sortable_table',
  'web.uploads',
)
_NOT_ON_A_DEVICE = (
  'flask',
  'gin',
  'jinja2',
  'keras',
  'keras_cv',
  'markupsafe',
  'matplotlib',
  'tensorflow',
  'tensorflow_datasets',
  'waitress',
  'werkzeug',
)
# Imports {modules} while {forbidden} cannot be imported, and prints what tried.
_RECORD_IMPORTS = """
import importlib, sys

class Finder:
  asked = []

  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in {forbidden}:
      self.asked.append(name)
      raise ImportError(name)

sys.meta_path.insert(0, Finder())
sys.path.insert(0, {root!r})
for module in {modules}:
  importlib.import_module(module)
print(Finder.asked)
"""
# Their results depend on the size of the picture at inference; docs/ names the
# layers to use instead.
_BANNED_LAYERS = ('CenterCrop', 'Resizing')


@functools.cache
def _library_files() -> list[pathlib.PurePath]:
  return [
    path
    for path in build_files.source_files(_ROOT)
    if path.parts[0] in ('benchmarks', 'datasets', 'depth_mai')
    and not path.stem.endswith('_test')
  ]


def _name(path: pathlib.PurePath) -> str:
  """Returns a module's name without the leading `depth_mai.`."""
  return build_files.module_name(path).removeprefix('depth_mai').strip('.')


def _is_inside(name: str, package: str) -> bool:
  return name == package or name.startswith(f'{package}.')


def _package(module: str) -> str:
  """Returns the folder that a module lies in, '' for depth_mai/__init__.py."""
  return module.split('.')[0]


@functools.cache
def _programs() -> set[str]:
  return {
    _name(path)
    for path in _library_files()
    if re.search(r'\n  (app|program)\.run\(main', (_ROOT / path).read_text())
  }


@functools.cache
def _project_imports() -> dict[str, set[str]]:
  """Returns the modules of depth_mai that each of its modules imports."""
  modules = {build_files.module_name(path) for path in _library_files()}
  return {
    _name(path): {
      next(name for name in names if name in modules).removeprefix('depth_mai.')
      for names in build_files.imported_names((_ROOT / path).read_text(), path)
      if any(name in modules for name in names)
    }
    for path in _library_files()
  }


class ImportsTest(parameterized.TestCase):
  def test_packages_import_only_what_the_table_allows(self):
    for module, imported in _project_imports().items():
      package = _package(module)
      if module in _programs() or package in ('', 'benchmarks'):
        continue  # Nobody imports a program, so it may import anything.
      if package in _GROUND:
        allowed = {*_GROUND[: _GROUND.index(package) + 1]}
      else:
        self.assertIn(package, ALLOWED, f'add {module} to ALLOWED')
        allowed = {package, *_GROUND, *ALLOWED[package]}
      for name in imported:
        self.assertIn(
          _package(name), allowed, f'{module} imports {name}, see ALLOWED'
        )

  def test_the_table_points_one_way(self):
    packages = list(ALLOWED)
    for package, allowed in ALLOWED.items():
      below = packages[: packages.index(package)]
      self.assertContainsSubset(allowed, below, package)

  def test_every_line_of_the_table_is_used(self):
    used = {}
    for module, imported in _project_imports().items():
      if module not in _programs():
        packages = {_package(name) for name in imported} - {_package(module)}
        used.setdefault(_package(module), set()).update(packages)
    for package, allowed in ALLOWED.items():
      self.assertSameElements(allowed, used[package] - {'', *_GROUND}, package)

  def test_nobody_imports_a_program(self):
    self.assertContainsSubset(
      ('train', 'datasets.mai_depth.prepare', 'benchmarks.input_pipeline'),
      _programs(),
    )
    for module, imported in _project_imports().items():
      self.assertEmpty(imported & _programs(), module)

  def test_no_module_imports_itself_through_others(self):
    sorter = graphlib.TopologicalSorter(_project_imports())
    sorter.prepare()  # Raises CycleError, which names the modules.

  def test_only_programs_and_the_registry_import_gin(self):
    for path in _library_files():
      if _name(path) in _programs() | {'gin_registry'}:
        continue
      text = (_ROOT / path).read_text()
      for names in build_files.imported_names(text, path):
        self.assertNotEqual(names[-1].split('.')[0], 'gin', path)

  def test_no_layer_that_changes_at_inference(self):
    for path in _library_files():
      for node in ast.walk(ast.parse((_ROOT / path).read_text())):
        used = {
          getattr(node, 'attr', None),
          getattr(node, 'id', None),
          *(
            getattr(alias, 'name', None) for alias in getattr(node, 'names', ())
          ),
        }
        self.assertEmpty(
          used & set(_BANNED_LAYERS), f'{path}:{getattr(node, "lineno", "")}'
        )

  @staticmethod
  def _imported(modules):
    """Returns what of _NOT_ON_A_DEVICE a new process tries to import."""
    program = _RECORD_IMPORTS.format(
      root=str(_ROOT), modules=modules, forbidden=_NOT_ON_A_DEVICE
    )
    run = subprocess.run(
      [sys.executable, '-c', program], capture_output=True, text=True
    )
    return run.stdout or run.stderr

  # One process each, as two programs cannot define the same flags in one.
  @parameterized.parameters(*DEVICE_CODE)
  def test_device_code_never_tries_to_import_tensorflow(self, package):
    modules = [
      build_files.module_name(path)
      for path in _library_files()
      if _is_inside(_name(path), package)
    ]
    self.assertNotEmpty(modules)
    self.assertEqual(self._imported(modules), '[]\n')

  def test_programs_answer_before_they_import_tensorflow(self):
    for path in _library_files():
      name = _name(path)
      if name in _programs() and not _is_inside(name, 'benchmarks'):
        module = build_files.module_name(path)
        self.assertEqual(self._imported([module]), '[]\n', module)


if __name__ == '__main__':
  absltest.main()
