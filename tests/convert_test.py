# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.convert from the command line."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.files import ready_models
from depth_mai.lite import quantisation
from depth_mai.runtime import model_file
from tests.lite import small_network

# Importing TensorFlow takes longer than converting, so that one process runs
# all the commands; it prints what each of them ended with.
_PROGRAM = """
import json, sys
from absl import flags
from absl.testing import flagsaver
from depth_mai import convert
ends = []
for arguments in json.loads(sys.argv[1]):
  with flagsaver.flagsaver():
    flags.FLAGS(['convert', *arguments])
    try:
      convert.main(['convert'])
      ends.append('')
    except ValueError as error:
      ends.append(f'error: {error}')
print(json.dumps(ends))
"""


class ConvertTest(absltest.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    temporary = tempfile.TemporaryDirectory()
    cls.addClassCleanup(temporary.cleanup)
    cls.root = root = pathlib.Path(temporary.name)
    workdir = root / 'my_run'
    workdir.mkdir()
    small_network.small_network('tiny').save(workdir / 'best.keras')
    (workdir / 'operative_config.gin').write_text('train.epochs = 2\n')
    # As training writes it. `train.gone` was renamed since.
    (workdir / 'config.gin').write_text(
      "Quantisation.calibration = \\\n    'mse'\n"
      'Quantisation.float_tail = 1\ntrain.gone = 3\n'
    )
    (workdir / 'metrics.jsonl').write_text(
      '{"split": "validation", "step": 4, "si_rmse": 0.25}\n'
    )
    for split in ('train', 'validation'):
      for part in ('rgb', 'depth'):
        (root / 'rooms' / split / part).mkdir(parents=True)
      for index, picture in enumerate(small_network.pictures(2)):
        depth_mm = np.full(picture.shape[:2], 2500, np.uint16)
        base = root / 'rooms' / split
        Image.fromarray(picture).save(base / 'rgb' / f'{index}.png')
        Image.fromarray(depth_mm).save(base / 'depth' / f'{index}.png')

    run = [f'--workdir={workdir}', f'--output_dir={root / "files"}']
    data = [f'--data_dir={root / "rooms"}', '--calibration_count=2']
    commands = {
      'run': [*run, *data, '--precision=fp32,int8'],
      'model': [
        f'--model={workdir / "best.keras"}',
        f'--output_dir={root / "model"}',
        '--output_unit=m',
      ],
      'ready': [
        '--model=aiia_hit',
        f'--output_dir={root / "ready"}',
        *data,
        '--precision=fp32,int8',
        '--gin_param=Quantisation.percentile = 99.9',
      ],
      'no data': [*run, '--precision=int8'],
      'no network': [f'--output_dir={root / "none"}'],
      'two networks': [*run, f'--model={workdir / "best.keras"}'],
      'untrained alone': [f'--output_dir={root / "none"}', '--untrained'],
      'old runtime': [
        f'--workdir={workdir}',
        f'--output_dir={root / "old"}',
        '--target_runtime=2.1.0',
      ],
      'other tail': [
        f'--workdir={workdir}',
        f'--output_dir={root / "tail"}',
        *data,
        '--precision=int8',
        '--gin_param=Quantisation.float_tail = None',
        '--io_type=uint8',
      ],
      'layers': [
        f'--model={workdir / "best.keras"}',
        f'--output_dir={root / "layers"}',
        *data,
        '--precision=int8',
        '--layer_errors',
      ],
      'wrong choice': [
        *run,
        *data,
        '--precision=int8',
        '--gin_param=Quantisation.calibration = "guess"',
      ],
    }
    done = subprocess.run(
      [sys.executable, '-c', _PROGRAM, json.dumps(list(commands.values()))],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )
    assert done.returncode == 0, done.stderr
    *cls.printed, ends = done.stdout.splitlines()
    cls.ends = dict(zip(commands, json.loads(ends), strict=True))

  def test_workdir(self):
    self.assertEqual(self.ends['run'], '')
    for precision in ('fp32', 'int8'):
      path = self.root / 'files' / f'tiny_{precision}.tflite'
      model = model_file.TfliteModel(path)
      self.assertEqual(model.input_size, (480, 640))
      self.assertEqual(model.metadata['source'], 'my_run')
      self.assertEqual(model.metadata['metrics']['si_rmse'], 0.25)
      self.assertEqual(model.metadata['parity']['data']['split'], 'validation')
      self.assertRegex(model.metadata['gin_hash'], '^[0-9a-f]{12}$')
      self.assertNotEmpty(model.metadata['git_commit'])
      self.assertTrue(path.with_suffix('.json').exists())
      self.assertTrue(any(path.name in line for line in self.printed))

  def _quantisation(self, folder):
    path = self.root / folder / 'tiny_int8.tflite'
    found = model_file.TfliteModel(path).metadata['quantisation']
    return found['calibration'], found['float_tail']

  def test_quantisation_of_the_run(self):
    self.assertEqual(self._quantisation('files'), ('mse', 1))

  def test_parameters_go_before_the_run(self):
    self.assertEqual(self.ends['other tail'], '')
    self.assertEqual(self._quantisation('tail'), ('mse', None))
    path = self.root / 'tail' / 'tiny_int8.tflite'
    model = model_file.TfliteModel(path)
    self.assertEqual(model.metadata['input']['type'], 'uint8')
    (image,) = model.interpreter.get_input_details()
    self.assertEqual(image['dtype'], np.uint8)

  def test_wrong_choice_ends_in_an_error(self):
    self.assertRegex(
      self.ends['wrong choice'], "^error:.*'guess'.*Quantisation.calibration"
    )

  def test_layer_errors(self):
    self.assertEqual(self.ends['layers'], '')
    lines = (self.root / 'layers' / 'tiny_int8_layers.md').read_text()
    self.assertIn('| DEPTHWISE_CONV_2D |', lines)
    default = quantisation.Quantisation()
    self.assertEqual(
      self._quantisation('layers'), (default.calibration, default.float_tail)
    )

  def test_model_file_in_metres(self):
    self.assertEqual(self.ends['model'], '')
    model = model_file.TfliteModel(self.root / 'model' / 'tiny_fp32.tflite')
    self.assertEqual(model.output_unit, 'm')
    self.assertEqual(model.metadata['source'], 'best.keras')
    self.assertEqual(model.metadata['gin_hash'], 'unknown')
    self.assertEqual(model.metadata['parity']['data']['data'], 'synthetic')

  def test_ready_weights_with_the_choices_of_their_system(self):
    self.assertEqual(self.ends['ready'], '')
    converted = {
      precision: model_file.TfliteModel(
        self.root / 'ready' / f'aiia_hit_{precision}.tflite'
      )
      for precision in ('fp32', 'int8')
    }
    found = converted['int8'].metadata['quantisation']
    self.assertEqual(found['calibration'], 'percentile')
    self.assertEqual(found['percentile'], 99.9)
    self.assertEqual(found['float_tail'], 0)
    self.assertEqual(converted['fp32'].metadata['source'], 'aiia_hit')
    # Made of the weights before they were cut to 8 bits.
    published = model_file.TfliteModel(ready_models.model_path('aiia_hit'))
    picture = small_network.pictures(1, (480, 640))[0]
    published_mm = published.predict_mm(picture)
    ratio = converted['fp32'].predict_mm(picture) / published_mm
    self.assertBetween(np.abs(ratio - 1).mean(), 1e-6, 0.03)

  def test_int8_needs_data(self):
    self.assertRegex(self.ends['no data'], '^error: int8.*--data_dir')

  def test_one_network_is_needed(self):
    for name in ('no network', 'two networks'):
      self.assertRegex(self.ends[name], '^error: Give exactly one', name)
    self.assertRegex(self.ends['untrained alone'], '^error: .* --gin_file')
    self.assertFalse((self.root / 'none').exists())

  def test_refused_file_ends_in_an_error(self):
    self.assertRegex(self.ends['old runtime'], '^error: Not every file')
    self.assertFalse((self.root / 'old').exists())
    self.assertTrue(any('2.1.0 cannot run it' in x for x in self.printed))


if __name__ == '__main__':
  absltest.main()
