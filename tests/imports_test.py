# SPDX-License-Identifier: Apache-2.0
"""Imports point one way: who may import whom, and who may import TensorFlow."""

import ast
import functools
import graphlib
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from build_defs import build_files

_ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a package (or a module, where it has a line of its own) may import of
# depth_mai beside itself. A new package needs a line here: say why it may.
_ALLOWED = {
  # Renames a finished file into place; everything that writes may use it.
  'atomic': (),
  # Finds files beside the package.
  'ready_models': (),
  # The challenge layout on disk is plain files: a device reads it too.
  'data.folder': ('data.picture_files', 'data.problems'),
  'data.picture_files': ('data.problems',),
  'data.problems': (),
  # A folder of pictures is read through its dataset builder.
  'data': ('atomic', 'datasets'),
  # A builder validates with the code that reads the layout; its command
  # prepares records with the code that opens them.
  'datasets': ('atomic', 'data.folder', 'data.problems', 'data.records'),
  # Shows a folder's depth before hours are spent on it.
  'datasets.rgbd_folder.preview': ('datasets.rgbd_folder', 'report.picture'),
  # Blocks know nothing of the networks they are in, networks nothing of data.
  'layers': (),
  'models': ('layers',),
  'models.compact_weights': ('atomic', 'models.depth_recoding'),
  # A loss sees three tensors.
  'losses': (),
  # Runs where nothing but LiteRT, NumPy and Pillow is installed.
  'runtime': ('atomic',),
  # Measures files on machines of many kinds.
  'devices': ('atomic', 'runtime'),
  # The organisers' metrics on NumPy arrays, wherever these come from.
  'metrics': (),
  # Pictures and tables of what was measured.
  'report': ('atomic', 'metrics', 'runtime'),
  # Brings networks, losses and batches together, and validates as it goes.
  'training': (
    'atomic',
    'data',
    'losses',
    'metrics',
    'models',
    'ready_models',
    'report',
  ),
  # Rounds as the INT8 file will, which has no collapsible blocks.
  'training.quantisation_aware': (
    'layers',
    'lite.batch_norm',
    'lite.collapse',
    'models',
  ),
  # Turns a network into a .tflite file, calibrates it on pictures and proves
  # that the file computes the same.
  'lite': (
    'atomic',
    'data.folder',
    'data.source',
    'layers',
    'metrics.table',
    'models',
    'runtime',
    'training.workdir',
  ),
  # Judges a network, a .tflite file or a folder of depth pictures.
  'evaluation': (
    'atomic',
    'data',
    'layers',
    'metrics',
    'models',
    'report',
    'runtime',
  ),
  # Judges .tflite files of many systems, on a device too, and publishes them.
  'ranking': (
    'atomic',
    'data.folder',
    'data.problems',
    'data.source',
    'devices',
    'evaluation.evaluation',
    'evaluation.tflite_predictor',
    'metrics',
    'report',
    'runtime',
  ),
  # Judges the file of a stranger, in a process that may do nothing else.
  'judging': (
    'atomic',
    'data.folder',
    'data.problems',
    'data.source',
    'devices',
    'evaluation.evaluation',
    'metrics',
    'report',
    'runtime',
  ),
  # Live depth on the device: sources of pictures, and views.
  'streaming': ('report', 'runtime'),
  # Names library code for gin, so that library code need not know gin.
  'gin_registry': (
    'data',
    'layers',
    'lite',
    'losses',
    'models',
    'ready_models',
    'training',
  ),
}

# Must import on a machine that has none of _NOT_ON_A_DEVICE.
_DEVICE_CODE = (
  'atomic',
  'benchmark',
  'data.folder',
  'devices',
  'judge',
  'judging',
  'leaderboard',
  'metrics',
  'predict',
  'ranking',
  'ready_models',
  'report',
  'runtime',
  'streaming',
  'summary',
)
_NOT_ON_A_DEVICE = (
  'gin',
  'keras',
  'keras_cv',
  'matplotlib',
  'tensorflow',
  'tensorflow_datasets',
)
# Imports {modules} where {forbidden} cannot be, and prints what asked for it.
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
# Change with the picture's size at inference; docs say which layers replace
# them.
_BANNED_LAYERS = ('CenterCrop', 'Resizing')


@functools.cache
def _library_files() -> list[pathlib.PurePath]:
  return [
    path
    for path in build_files.source_files(_ROOT)
    if path.parts[0] in ('datasets', 'depth_mai')
    and not path.stem.endswith('_test')
  ]


def _name(path: pathlib.PurePath) -> str:
  """Returns a module's name without the leading `depth_mai.`."""
  return build_files.module_name(path).removeprefix('depth_mai').strip('.')


def _is_inside(name: str, package: str) -> bool:
  return name == package or name.startswith(f'{package}.')


@functools.cache
def _mains() -> set[str]:
  return {
    _name(path)
    for path in _library_files()
    if path.parent.name == 'depth_mai'
    and "__name__ == '__main__'" in (_ROOT / path).read_text()
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
  def test_modules_import_only_what_the_table_allows(self):
    mains = _mains()
    for module, imported in _project_imports().items():
      if module in mains or not module:
        continue
      lines = [package for package in _ALLOWED if _is_inside(module, package)]
      self.assertNotEmpty(
        lines, f'{module}: add its package to _ALLOWED in {__file__}'
      )
      line = max(lines, key=len)
      # A module with a line of its own may not import its whole package.
      allowed = (line, *_ALLOWED[line])
      for name in imported:
        self.assertTrue(
          any(_is_inside(name, package) for package in allowed),
          f'{module} imports {name}, but {line} may import only {allowed}',
        )

  def test_nobody_imports_a_main(self):
    mains = _mains()
    self.assertIn('train', mains)
    for module, imported in _project_imports().items():
      self.assertEmpty(imported & mains, module)

  def test_no_module_imports_itself_through_others(self):
    sorter = graphlib.TopologicalSorter(_project_imports())
    sorter.prepare()  # raises CycleError, which names the modules

  def test_only_mains_and_the_registry_import_gin(self):
    for path in _library_files():
      if _name(path) in _mains() | {'gin_registry'}:
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

  # A process for each: two mains may not define the same flags in one.
  @parameterized.parameters(*_DEVICE_CODE)
  def test_device_code_never_asks_for_tensorflow(self, package):
    modules = [
      build_files.module_name(path)
      for path in _library_files()
      if _is_inside(_name(path), package)
    ]
    self.assertNotEmpty(modules)
    program = _RECORD_IMPORTS.format(
      root=str(_ROOT), modules=modules, forbidden=_NOT_ON_A_DEVICE
    )
    run = subprocess.run(
      [sys.executable, '-c', program], capture_output=True, text=True
    )
    self.assertEqual(run.stdout, '[]\n', run.stderr)


if __name__ == '__main__':
  absltest.main()
