# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.evaluate from the command line."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

from tests.runtime import foreign_model
from tests.runtime import tiny_model


class EvaluateTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    rng = np.random.default_rng(0)
    self.truths_mm, self.preds_mm = {}, {}
    for name in ('00', '01', '02'):
      truth_mm = rng.integers(400, 30000, (480, 640)).astype(np.uint16)
      truth_mm[rng.random(truth_mm.shape) < 0.3] = 0
      self.truths_mm[name] = truth_mm
      self.preds_mm[name] = rng.integers(0, 65536, (480, 640)).astype(np.uint16)
      rgb = rng.integers(0, 256, (480, 640, 3)).astype(np.uint8)
      self.write(f'data/validation/rgb/{name}.png', rgb)
      self.write(f'data/validation/depth/{name}.png', truth_mm)
      self.write(f'predictions/{name}.png', self.preds_mm[name])

  def write(self, path, values):
    (self.root / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(self.root / path, compress_level=0)

  def evaluate(self, *arguments, before='', code=0):
    """Runs the command; returns what it printed."""
    program = (
      f'import runpy, sys\n{before}\n'
      "runpy.run_module('depth_mai.evaluate', run_name='__main__')\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
      [sys.executable, '-c', program, f'--data_dir={self.root / "data"}']
      + list(arguments),
      cwd=self.root,
      env={**os.environ, 'PYTHONPATH': path},
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(done.returncode, code, done.stderr)
    return done.stdout if code == 0 else done.stderr

  def result(self):
    return json.loads((self.root / 'result.json').read_text())

  def test_a_file_of_another_project(self):
    # The truth is 1000 + 8 * red for grey pictures; the file gives metres of
    # 0..1.
    for name in self.truths_mm:
      grey = np.random.default_rng(int(name)).integers(0, 256, (480, 640, 1))
      rgb = grey.astype(np.uint8).repeat(3, axis=-1)
      self.write(f'data/validation/rgb/{name}.png', rgb)
      depth_mm = (1000 + 8 * grey[..., 0]).astype(np.uint16)
      self.write(f'data/validation/depth/{name}.png', depth_mm)
    content = foreign_model.mean((1, 480, 640, 3), 2.04, 1.0)
    (self.root / 'm.tflite').write_bytes(content)
    printed = self.evaluate('--model=m.tflite', '--json=result.json')
    result = self.result()
    self.assertLess(result['rmse'], 1e-3)
    self.assertAlmostEqual(result['rank_correlation'], 1.0, delta=1e-3)
    self.assertEqual(result['interface']['unit']['value'], 'm')
    self.assertIn('0..1', result['interface']['input_range']['value'])
    self.assertIn('m.tflite: unit m: the median of 3 predictions', printed)
    self.assertEqual(result['warnings'], [])

    inverse = foreign_model.mean((1, 480, 640, 3), 1e6, 125.0, inverse=True)
    (self.root / 'i.tflite').write_bytes(inverse)
    message = self.evaluate('--model=i.tflite', code=1)
    self.assertRegex(message, 'error: .*inverse depth .*inverse_scale_shift')
    printed = self.evaluate(
      '--model=i.tflite', '--align=inverse_scale_shift', '--json=result.json'
    )
    self.assertStartsWith(printed.split('\n')[1], 'ALIGNED (inverse_scale_sh')
    result = self.result()
    self.assertEqual(result['alignment'], 'inverse_scale_shift')
    self.assertLess(result['rmse'], 2e-3)

  def test_flags_about_a_file_need_one(self):
    message = self.evaluate('--predictions=predictions', '--unit=m', code=1)
    self.assertIn(
      '--unit=m is about a .tflite file, which predictions', message
    )

  def test_inverse_predictions(self):
    for name, truth_mm in self.truths_mm.items():
      inverse = 1 / np.where(truth_mm > 0, truth_mm, 30000)
      inverse = (inverse - inverse.min()) / np.ptp(inverse)
      self.write(f'predictions/{name}.png', np.uint16(65535 * inverse))
    printed = self.evaluate('--predictions=predictions', '--json=result.json')
    self.assertStartsWith(printed, 'warning: This looks like inverse depth')
    result = self.result()
    self.assertLess(result['rank_correlation'], -0.99)
    self.assertIn('inverse depth', result['warnings'][0])
    self.assertEqual(result['alignment'], 'none')
    aligned = ('--predictions=predictions', '--json=result.json', '--limit=2')
    for align, most in (
      ('inverse_scale_shift', 0.01),
      ('scale_shift', 1.0),
      ('median', 99.0),
    ):
      printed = self.evaluate(*aligned, f'--align={align}')
      self.assertStartsWith(printed, f'ALIGNED ({align})')
      result = self.result()
      self.assertEqual((result['alignment'], result['images']), (align, 2))
      self.assertLess(result['rel'], most)

  def test_predictions(self):
    printed = self.evaluate('--predictions=predictions', '--json=result.json')
    each = []
    for name, truth_mm in self.truths_mm.items():
      known = truth_mm > 0
      d = truth_mm[known] / 1e3
      p = np.maximum(self.preds_mm[name][known], 1) / 1e3
      each.append(
        {
          'rmse': np.mean((p - d) ** 2) ** 0.5,
          'si_rmse': np.std(np.log(p) - np.log(d)),
          'log10': np.mean(np.abs(np.log10(p) - np.log10(d))),
          'rel': np.mean(np.abs(p - d) / d),
        }
      )
    result = self.result()
    for key in each[0]:
      want = np.mean([image[key] for image in each])
      self.assertAlmostEqual(result[key], want, delta=1e-6)
      self.assertIn(f'{want:.4f}', printed)
      self.assertIn(f'pooled_{key}', result)
    self.assertEqual(result['images'], 3)
    self.assertEqual(result['split'], 'validation')
    self.assertEqual(result['model'], 'predictions')
    self.assertEqual(result['data_dir'], str(self.root / 'data'))
    self.assertEqual(list(result['per_image']), ['00', '01', '02'])
    for line in ('0-1 m', '16+ m', 'delta < 1.25^3'):
      self.assertIn(line, printed)

  def test_needs_no_tensorflow(self):
    model = tiny_model.float_model((480, 640), (20.0, 0.0, 0.0), 500.0)
    (self.root / 'm.tflite').write_bytes(model)
    without = (
      "for name in ('tensorflow', 'keras', 'tensorflow_datasets', 'gin'):\n"
      '  sys.modules[name] = None'
    )
    self.evaluate(
      '--model=m.tflite', '--json=result.json', '--limit=1', before=without
    )
    with Image.open(self.root / 'data/validation/rgb/00.png') as rgb:
      pred_mm = np.asarray(rgb)[..., 0] * 20.0 + 500.0
    truth_mm = self.truths_mm['00']
    known = truth_mm > 0
    want = np.std(np.log(pred_mm[known]) - np.log(truth_mm[known]))
    self.assertEqual(self.result()['images'], 1)
    self.assertAlmostEqual(self.result()['si_rmse'], want, delta=1e-6)

  def test_wrong_input_is_an_error_of_one_line(self):
    (self.root / 'predictions/01.png').unlink()
    for arguments, message in (
      (['--predictions=predictions'], '1 of 3 predictions are missing'),
      (['--predictions=x', '--model=y.keras'], 'exactly one of --workdir'),
      (['--model=y.onnx'], 'must end with .keras or .tflite'),
    ):
      with self.subTest(arguments=arguments):
        error = self.evaluate(*arguments, '--json=result.json', code=1)
        self.assertIn(message, error)
        self.assertStartsWith(error, 'error: ')
        self.assertFalse((self.root / 'result.json').exists())


if __name__ == '__main__':
  absltest.main()
