# SPDX-License-Identifier: Apache-2.0
"""Tests of the check of a file that is not loaded."""

import json

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import static_check
from tests.lite import hand_made
from tests.runtime import tiny_model


class CheckTest(parameterized.TestCase):
  def test_a_good_file(self):
    content = tiny_model.float_model(
      (6, 8),
      metadata={
        'output_unit': 'm',
        'input': {'layout': 'NHWC', 'range': [0, 255], 'type': 'float32'},
        'system': 'tcl',
        'precision': 'fp32',
        'metrics': {'rmse': 1.0},
      },
      other_metadata={'min_runtime_version': b'1.5.0\0\0'},
    )
    self.assertEqual(
      static_check.check(content, '2.5.0'),
      {
        'target_runtime': '2.5.0',
        'min_runtime': '1.5.0',
        'declared_min_runtime': '1.5.0',
        'histogram': {'CONV_2D': 1},
        'problems': [],
        'metadata': {
          'output_unit': 'm',
          'layout': 'NHWC',
          'range': [0, 255],
          'system': 'tcl',
          'precision': 'fp32',
        },
        'parameters': 4,
        'macs': 3 * 6 * 8,
      },
    )

  def test_each_kind_of_problem_once(self):
    content = hand_made.model(
      ('CUSTOM', 1, ('FLOAT32',)),
      ('GELU', 1, ('FLOAT32',)),
      ('GELU', 1, ('FLOAT32',)),
      (9999, 1, ('FLOAT32',)),
      custom='FlexErf',
    )
    problems = static_check.check(content, '2.5.0')['problems']
    self.assertLen(problems, 3)
    for problem, name in zip(
      problems, ('CUSTOM:FlexErf', 'GELU', 'BUILTIN_9999'), strict=True
    ):
      self.assertStartsWith(problem, name)

  @parameterized.parameters(
    b'{',
    b'[1]',
    b'{"input": 5, "output_unit": {"a": 1}}',
    b'{"output_unit": [0, 1], "system": [0, 1]}',
    b'{"input": {"range": [1e999, 0]}}',
    b'{"input": {"range": [NaN, 1]}}',
    b'[' * 100_000,
    b'{"system": "' + b'x' * 1000 + b'"}',
  )
  def test_strange_metadata_are_ignored(self, metadata):
    checked = static_check.check(
      tiny_model.float_model(metadata=metadata), '2.5.0'
    )
    self.assertEqual(checked['metadata'], {})
    json.dumps(checked, allow_nan=False)

  def test_damage(self):
    for content in (b'', b'text', tiny_model.float_model()[:200]):
      with self.assertRaises(ValueError):
        static_check.check(content, '2.5.0')


if __name__ == '__main__':
  absltest.main()
