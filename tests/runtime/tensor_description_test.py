# SPDX-License-Identifier: Apache-2.0
"""Tests of descriptions of loaded files."""

import json

from absl.testing import absltest

from depth_mai.runtime import interpreter
from depth_mai.runtime import tensor_description
from tests.runtime import foreign_model
from tests.runtime import tiny_model


class _WithSignature:
  """A loaded file whose signature names the outputs in another order."""

  def __init__(self, loaded):
    self._loaded = loaded

  def __getattr__(self, name):
    return getattr(self._loaded, name)

  def _get_full_signature_list(self):
    first, second = (x['index'] for x in self._loaded.get_output_details())
    outputs = {'coarse': second, 'fine': first}
    return {'serving_default': {'inputs': {}, 'outputs': outputs}}


class DescribeTest(absltest.TestCase):
  def test_quantised(self):
    content = tiny_model.quantised_model('int8', (2, 3), 1.0, -128, 0.5, -7)
    got = tensor_description.describe(interpreter.load_interpreter(content))
    (taken,), (given,) = got['inputs'], got['outputs']
    self.assertEqual(
      taken, ('image', [1, 2, 3, 3], [1, 2, 3, 3], 'int8', 1.0, -128, [])
    )
    self.assertEqual((given.scale, given.zero_point), (0.5, -7))
    self.assertEqual(json.loads(json.dumps(got))['outputs'][0][3], 'int8')

  def test_open_sizes(self):
    content = foreign_model.mean((-1, -1, -1, 3))
    loaded = interpreter.load_interpreter(content, input_size=(4, 6))
    (taken,) = tensor_description.describe(loaded)['inputs']
    self.assertEqual(taken.shape, [1, 4, 6, 3])
    self.assertEqual(taken.signature, [-1, -1, -1, 3])

  def test_order_is_that_of_the_graph(self):
    loaded = interpreter.load_interpreter(foreign_model.mean(half='half'))
    got = tensor_description.describe(_WithSignature(loaded))['outputs']
    self.assertEqual([one.name for one in got], ['depth', 'half'])
    self.assertEqual(
      [one.signature_names for one in got], [['fine'], ['coarse']]
    )


if __name__ == '__main__':
  absltest.main()
