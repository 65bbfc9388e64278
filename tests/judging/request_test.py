# SPDX-License-Identifier: Apache-2.0
"""Tests of requests and limits."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import request


class RequestTest(parameterized.TestCase):
  @parameterized.parameters(
    ({'unit': 'inch'}, '--unit=inch must be one of auto, mm, m'),
    ({'layout': 'hwc'}, '--layout=hwc must be one of auto, nhwc, nchw'),
    ({'input_range': '0..2'}, 'must be one of auto, 0..255, 0..1, -1..1'),
    ({'limit': 0}, '--limit must be at least 1'),
    ({'pictures': 0}, 'pictures must be at least 1'),
    ({'target_runtime': 'new'}, "'new' is not a release"),
  )
  def test_errors(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      request.JudgeRequest('m.tflite', 'data', **arguments)

  def test_the_challenge_is_the_default(self):
    one = request.JudgeRequest('m.tflite', 'data')
    self.assertEqual(one.target_runtime, '2.5.0')
    self.assertEqual(one.device, 'local')


class LimitsTest(parameterized.TestCase):
  @parameterized.product(
    name=('file_mb', 'memory_mb', 'load_s', 'image_s', 'time_s'),
    value=(0.0, -1.0, float('inf'), float('nan')),
  )
  def test_errors(self, name, value):
    with self.assertRaisesRegex(ValueError, f'--{name} must be positive'):
      request.Limits(**{name: value})

  def test_time_limits_are_consistent(self):
    most = request.Limits()
    self.assertGreater(most.time_s, most.load_s + most.image_s)


if __name__ == '__main__':
  absltest.main()
