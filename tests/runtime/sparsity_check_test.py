# SPDX-License-Identifier: Apache-2.0
"""Tests with a kernel (2, 0, 5) of which two values are stored."""

from absl.testing import absltest
from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import numpy as np

from depth_mai.runtime import file_check
from tests.judging import edited_model


def _sparse(
  order=(0, 1, 2, 3),
  dense=(1, 1, 1),
  segments=(0, 2),
  indices=(0, 2),
  values=(2.0, 5.0),
  blocks=(),
  vector=schema.Int32VectorT,
):
  """Returns a file whose kernel [1, 1, 1, 3] is stored sparsely."""
  model = edited_model.open_model()
  sparsity = schema.SparsityParametersT()
  sparsity.traversalOrder, sparsity.blockMap = list(order), list(blocks)
  sparsity.dimMetadata = []
  for size in dense:
    dimension = schema.DimensionMetadataT()
    dimension.format = schema.DimensionType.DENSE
    dimension.denseSize = size
    sparsity.dimMetadata.append(dimension)
  last = schema.DimensionMetadataT()
  last.format = schema.DimensionType.SPARSE_CSR
  kind = getattr(schema.SparseIndexVector, vector.__name__[:-1])
  last.arraySegmentsType = last.arrayIndicesType = kind
  last.arraySegments, last.arrayIndices = vector(), vector()
  last.arraySegments.values = list(segments)
  last.arrayIndices.values = list(indices)
  sparsity.dimMetadata.append(last)
  model.subgraphs[0].tensors[1].sparsity = sparsity
  stored = np.array(values, np.float32).tobytes()
  model.buffers[1].data = np.frombuffer(stored, np.uint8)
  return edited_model.packed(model)


class SparsityCheckTest(parameterized.TestCase):
  @parameterized.parameters(
    schema.Int32VectorT, schema.Uint16VectorT, schema.Uint8VectorT
  )
  def test_accepts(self, vector):
    file_check.check('x', _sparse(vector=vector))

  @parameterized.parameters(
    ({'order': (0, 1, 2, 2)}, 'dimensions'),
    ({'order': (0, 1, 2, 99)}, 'dimensions'),
    ({'order': (0, 1)}, 'dimensions'),
    ({'blocks': (7,)}, 'dimensions'),
    ({'dense': (1, 1)}, 'dimensions'),
    ({'dense': (1, 1, 5)}, 'sizes'),
    ({'dense': (1, 1, -1)}, 'sizes'),
    ({'segments': (0, 1)}, 'indices'),
    ({'segments': (0, 9)}, 'indices'),
    ({'segments': ()}, 'indices'),
    ({'segments': (0, 1, 2)}, 'indices'),
    ({'indices': (0, 3)}, 'indices'),
    ({'indices': (-1, 2)}, 'indices'),
    ({'values': (2.0,)}, 'values'),
  )
  def test_refuses(self, change, what):
    with self.assertRaisesRegex(
      ValueError, rf'tensor 1 \(kernel\) is stored .* impossible {what}'
    ):
      file_check.check('x', _sparse(**change))


if __name__ == '__main__':
  absltest.main()
