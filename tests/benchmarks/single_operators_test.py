# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from benchmarks import single_operators
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter as interpreter_lib


class ConvertTest(parameterized.TestCase):
  @parameterized.parameters(
    ('sigmoid', 'fp32', 'FLOAT32'),
    ('sigmoid', 'int8', 'INT8'),
    ('sigmoid', 'int16x8', 'INT16'),
  )
  def test_types_and_values(self, name, precision, type_name):
    content = single_operators.convert(
      single_operators.NETWORKS[name], precision
    )
    types = {
      operator.given_inputs[0].type_name
      for operator in graph.read_graph(content).main.operators
    }
    self.assertIn(type_name, types)
    (picture,) = next(single_operators.pictures())
    loaded = interpreter_lib.load_interpreter(content)
    loaded.set_tensor(loaded.get_input_details()[0]['index'], picture)
    loaded.invoke()
    found = loaded.get_tensor(loaded.get_output_details()[0]['index'])
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-picture)), atol=0.01)


if __name__ == '__main__':
  absltest.main()
