# SPDX-License-Identifier: Apache-2.0
"""Tests of LiteRT's own benchmark."""

import importlib.util
import json
import os

from absl.testing import absltest

from depth_mai.runtime import configuration
from depth_mai.runtime import litert_benchmark
from tests.runtime import tiny_model

_HAS_TOOL = importlib.util.find_spec('ai_edge_litert') is not None


def _measure(path, warmup, runs, cpus=(), timeout_s=None):
  request = configuration.Request(path, 1, True, warmup, runs, cpus)
  return litert_benchmark.measure(request, timeout_s)


@absltest.skipUnless(_HAS_TOOL, 'ai-edge-litert is not installed')
class MeasureTest(absltest.TestCase):
  def _model(self, content):
    return self.create_tempfile('m.tflite', content).full_path

  def test_figures_of_the_real_tool(self):
    cpus = sorted(os.sched_getaffinity(0))[:1]
    measured = _measure(
      self._model(tiny_model.float_model((480, 640))), 2, 7, cpus, 60
    )
    self.assertIsNone(measured['reason'])
    figures = measured['figures']
    self.assertEqual((figures['warmup'], figures['runs']), (2, 7))
    # 0.9 M multiplications and 4.9 MB: not under a hundredth of a millisecond.
    self.assertGreater(figures['min_ms'], 0)
    self.assertLessEqual(figures['min_ms'], figures['median_ms'])
    self.assertLessEqual(figures['median_ms'], figures['p95_ms'])
    self.assertLessEqual(figures['min_ms'], figures['mean_ms'])
    self.assertIsInstance(figures['fully_accelerated'], bool)
    self.assertEqual(json.loads(json.dumps(measured)), measured)

  def test_says_why_there_are_no_figures(self):
    damaged = self._model(tiny_model.float_model()[:300])
    measured = _measure(damaged, 1, 1, timeout_s=60)
    self.assertIsNone(measured['figures'])
    self.assertRegex(measured['reason'], 'benchmark_litert_model ended with')

  def test_takes_too_long(self):
    model = self._model(tiny_model.float_model())
    measured = _measure(model, 1, 10**9, timeout_s=0.5)
    self.assertIsNone(measured['figures'])
    self.assertIn('took more than 0.5 s', measured['reason'])

  def test_no_such_cpu(self):
    model = self._model(tiny_model.float_model())
    measured = _measure(model, 1, 1, cpus=(99999,))
    self.assertIsNone(measured['figures'])
    self.assertIn('--cpus=99999', measured['reason'])


class AbsentTest(absltest.TestCase):
  def test_not_installed(self):
    name = 'ai_edge_litert.no_such_folder.benchmark'
    with absltest.mock.patch.object(litert_benchmark, 'TOOL', name):
      measured = _measure('m.tflite', 1, 1)
    self.assertIsNone(measured['figures'])
    self.assertIn(f'{name} is not installed', measured['reason'])

  def test_other_json(self):
    with self.assertRaisesRegex(ValueError, 'lacks .*latency'):
      litert_benchmark.read_result('{"model": "m.tflite"}')


if __name__ == '__main__':
  absltest.main()
