# SPDX-License-Identifier: Apache-2.0
"""Follows docs/extending.md word for word, each section in a fresh copy."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from absl.testing import absltest

from tests.data import dummy_data

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_COPIED = (
  'benchmarks',
  'build_defs',
  'conftest.py',
  'datasets',
  'depth_mai',
  'gin_configs',
  'notebooks',
  'pretrained/tcl',
  'pyproject.toml',
  'setup.cfg',
  'tests',
)
# An instruction and its block. Blocks within a numbered step are indented.
_BLOCK = re.compile(
  r'(?:File `(?P<file>[^`]+)`'
  r'|In `(?P<edited>[^`]+)`, after the line\s+`(?P<line>[^`]+)`)?:?\n\n'
  r'(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$',
  re.MULTILINE | re.DOTALL,
)


def _section(title: str) -> str:
  """Returns a section of the document, without its title."""
  text = (_ROOT / 'docs' / 'extending.md').read_text()
  return re.split(r'^## ', text.split(f'\n## {title} in ')[1], flags=re.M)[0]


class ExtendingTest(absltest.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.place = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.place)
    cls.data = dummy_data.write_folder(
      cls.place / 'data', {'train': 4, 'validation': 2}, size=(480, 640)
    )

  def setUp(self):
    super().setUp()
    self.checkout = self.place / self.id()
    for name in _COPIED:
      if (_ROOT / name).is_dir():
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(_ROOT / name, self.checkout / name, ignore=ignored)
      elif (_ROOT / name).exists():
        shutil.copy(_ROOT / name, self.checkout / name)

  def _follow(self, title: str) -> None:
    """Writes the files of a section and runs its commands, in their order."""
    blocks = list(_BLOCK.finditer(_section(title)))
    self.assertLen(blocks, _section(title).count('```') // 2)
    for block in blocks:
      # Only the step's own margin: an inserted line keeps its indentation.
      text = re.sub(f'^{block["indent"]}', '', block['text'], flags=re.M)
      if block['file']:
        path = self.checkout / block['file']
        self.assertFalse(path.exists(), path)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
      elif block['edited']:
        path = self.checkout / block['edited']
        line = f'\n{block["line"]}\n'
        self.assertEqual(path.read_text().count(line), 1, block[0])
        path.write_text(path.read_text().replace(line, line + text))
      else:
        self.assertEqual(block['language'], 'bash', block[0])
        self._run(re.sub(r'\bDATA\b', str(self.data), text))
    python_files = ' '.join(
      block['file'] or block['edited']
      for block in blocks
      if (block['file'] or block['edited'] or '').endswith('.py')
    )
    self._run(f'python -m ruff check -q {python_files}')
    self._run(f'python -m ruff format -q --check {python_files}')

  def _run(self, commands: str) -> None:
    run = subprocess.run(
      [
        'bash',
        '-c',
        f'set -e\npython() {{ "{sys.executable}" "$@"; }}\n{commands}',
      ],
      cwd=self.checkout,
      env={
        **os.environ,
        'PYTHONPATH': str(self.checkout),
        'DEPTH_MAI_RECORDS': str(self.place / 'records'),
        'TF_CPP_MIN_LOG_LEVEL': '3',
      },
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
      check=False,
    )
    self.assertEqual(run.returncode, 0, f'{commands}\n{run.stdout}')

  def _trained_steps(self, workdir: str) -> int:
    path = self.checkout / workdir / 'metrics.jsonl'
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return max(line['step'] for line in lines)

  def test_a_system(self):
    self._follow('A system')
    self.assertEqual(self._trained_steps('runs/toy'), 10)
    config = (self.checkout / 'runs/toy/operative_config.gin').read_text()
    self.assertIn('ToyOptions.filters = 12', config)

  def test_a_loss(self):
    self._follow('A loss')
    self.assertEqual(self._trained_steps('runs/toy_loss'), 10)
    config = (self.checkout / 'runs/toy_loss/operative_config.gin').read_text()
    self.assertIn('toy_loss.power = 1.2', config)

  def test_a_term_of_a_distillation(self):
    self._follow('A term of a distillation')
    term = self.checkout / 'depth_mai/distillation/toy_term.py'
    self.assertIn('toy_term', (term.parent / 'BUILD').read_text())

  def test_a_dataset(self):
    self._follow('A dataset')
    records = self.checkout / 'runs/records/toy_slopes/1.0.0'
    self.assertTrue((records / 'dataset_info.json').exists())

  def test_a_device(self):
    self._follow('A device')
    (line,) = (self.checkout / 'runs/store.jsonl').read_text().splitlines()
    self.assertIn('"device": "one_core"', line)


if __name__ == '__main__':
  absltest.main()
