# SPDX-License-Identifier: Apache-2.0
"""Tests of the curves: panels, colours and heights."""

import json
import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import curve_figure

_BLUE, _ORANGE = (0, 114, 178), (213, 94, 0)


def write_run(folder, name, si_rmse, batches=0):
  """Writes a log whose validation si-RMSE has the given values."""
  run_dir = os.path.join(folder, name)
  os.makedirs(run_dir)
  records = [
    {'split': 'train', 'step': s + 1, 'images': 8 * s + 8, 'loss': 1 / (s + 1)}
    for s in range(batches)
  ] + [
    {'split': 'validation', 'step': s + 1, 'images': 8 * s + 8, 'si_rmse': v}
    for s, v in enumerate(si_rmse)
  ]
  with open(os.path.join(run_dir, 'metrics.jsonl'), 'w') as stream:
    stream.writelines(json.dumps(record) + '\n' for record in records)
  return run_dir


class SaveCurvesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'curves.png')

  def pixels(self, colour):
    """Returns (y, x) of a colour below the legend, left of the best values."""
    with Image.open(self.path) as saved:
      rgb = np.array(saved.convert('RGB')).astype(int)
    near = np.abs(rgb - np.array(colour)).max(axis=-1) < 12
    return np.argwhere(near[rgb.shape[0] // 6 :, : rgb.shape[1] * 3 // 5])

  def test_each_run_has_its_colour_and_height(self):
    high = write_run(self.folder, 'high', [0.5, 0.5, 0.5])
    low = write_run(self.folder, 'low', [0.2, 0.2, 0.2])
    curve_figure.save_curves(self.path, [high, low])
    blue, orange = self.pixels(_BLUE), self.pixels(_ORANGE)
    self.assertGreater(len(blue), 200)
    self.assertGreater(len(orange), 200)
    self.assertLess(np.median(blue[:, 0]), np.median(orange[:, 0]) - 50)

  def test_a_panel_for_each_metric(self):
    run = write_run(self.folder, 'run', [0.5, 0.4], batches=200)
    curve_figure.save_curves(self.path, [run], metrics=['si_rmse'])
    with Image.open(self.path) as saved:
      one = saved.size
    curve_figure.save_curves(self.path, [run])
    with Image.open(self.path) as saved:
      self.assertEqual(saved.size, (2 * one[0], one[1]))

  def test_the_panel_contains_a_distant_reference(self):
    run = write_run(self.folder, 'run', [0.3, 0.29])
    curve_figure.save_curves(self.path, [run])
    alone = np.ptp(self.pixels(_BLUE)[:, 0])
    curve_figure.save_curves(
      self.path, [run], references=[curve_figure.Reference('far', 0.8)]
    )
    # The curve is flatter because the panel now reaches up to the reference.
    self.assertLess(np.ptp(self.pixels(_BLUE)[:, 0]), alone / 2)

  def test_one_huge_first_value_does_not_flatten_the_rest(self):
    values = np.linspace(0.5, 0.3, 60)
    run = write_run(self.folder, 'run', [500.0, *values])
    curve_figure.save_curves(self.path, [run])
    self.assertGreater(np.ptp(self.pixels(_BLUE)[:, 0]), 100)

  def test_single_evaluation(self):
    run = write_run(self.folder, 'run', [0.5])
    curve_figure.save_curves(self.path, [run], time_key='images')
    self.assertNotEmpty(self.pixels(_BLUE))

  @parameterized.parameters(
    ({'metrics': ['si_rms']}, r"not \['si_rms'\]"),
    ({'metrics': []}, r"not \['loss'"),
    ({'references': [curve_figure.Reference('a', 1, 'rmse')]}, 'rmse'),
    ({'time_key': 'hours'}, "time_key='hours'"),
  )
  def test_errors(self, arguments, message):
    run = write_run(self.folder, 'run', [0.5])
    with self.assertRaisesRegex(ValueError, message):
      curve_figure.save_curves(self.path, [run], **arguments)
    self.assertFalse(os.path.exists(self.path))

  def test_an_unknown_format_is_named(self):
    run = write_run(self.folder, 'run', [0.5])
    path = f'{self.path}.doc'
    with self.assertRaisesRegex(ValueError, rf'{path} .*\.doc .*--output'):
      curve_figure.save_curves(path, [run])

  def test_no_runs(self):
    with self.assertRaisesRegex(ValueError, 'at least one workdir'):
      curve_figure.save_curves(self.path, [])

  def test_without_matplotlib_names_what_to_install(self):
    run = write_run(self.folder, 'run', [0.5])
    program = (
      'import sys\n'
      "sys.modules['matplotlib'] = None\n"
      f'sys.path[:] = {sys.path!r}\n'
      'from depth_mai.report import curve_figure\n'
      f'curve_figure.save_curves({self.path!r}, [{run!r}])\n'
    )
    done = subprocess.run(
      [sys.executable, '-c', program], capture_output=True, text=True
    )
    self.assertEqual(done.returncode, 1)
    self.assertIn("pip install '.[report]'", done.stderr)


class ParseReferenceTest(parameterized.TestCase):
  @parameterized.parameters(
    ('mean map:0.306', 'mean map', 0.306, 'si_rmse'),
    ('a:b:1', 'a:b', 1.0, 'si_rmse'),
    ('rmse/mean map:1.47', 'mean map', 1.47, 'rmse'),
  )
  def test_forms(self, text, name, value, metric):
    self.assertEqual(
      curve_figure.parse_reference(text),
      curve_figure.Reference(name, value, metric),
    )

  @parameterized.parameters('', 'a', 'a:', ':1', 'a:b', 'a:nan', 'rmse/:1')
  def test_errors(self, text):
    with self.assertRaisesRegex(ValueError, '--reference'):
      curve_figure.parse_reference(text)


class SmoothedTest(absltest.TestCase):
  def test_centred_mean(self):
    values = np.random.default_rng(0).normal(size=200)
    got = curve_figure.smoothed(values)
    for i in (0, 1, 2, 3, 100, 197, 199):
      reach = min(3, i, 199 - i)
      want = values[i - reach : i + reach + 1].mean()
      self.assertAlmostEqual(got[i], want, delta=1e-12)

  def test_short_curves_are_unchanged(self):
    values = np.arange(59.0)
    self.assertIs(curve_figure.smoothed(values), values)


if __name__ == '__main__':
  absltest.main()
