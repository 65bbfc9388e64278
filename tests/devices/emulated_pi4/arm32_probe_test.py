# SPDX-License-Identifier: Apache-2.0
"""Tests what needs no emulator; arm32_run_test.py runs the probe."""

from absl.testing import absltest
from ai_edge_litert import schema_py_generated as schema
import flatbuffers

from depth_mai.devices.emulated_pi4 import arm32_probe
from tests.runtime import tiny_model


def _read(content):
  return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def with_signature(content: bytes) -> bytes:
  """Adds a signature, as today's converter writes it."""
  model = _read(content)
  signature = schema.SignatureDefT()
  signature.signatureKey, signature.subgraphIndex = 'serving_default', 0
  signature.inputs, signature.outputs = [], []
  model.signatureDefs = [signature]
  builder = flatbuffers.Builder(0)
  builder.Finish(model.Pack(builder), b'TFL3')
  return bytes(builder.Output())


class WithoutSignaturesTest(absltest.TestCase):
  def test_nothing_else_changes(self):
    content = with_signature(tiny_model.float_model())
    self.assertLen(_read(content).signatureDefs, 1)
    changed = arm32_probe.without_signatures(content)
    self.assertIsNone(_read(changed).signatureDefs)
    pairs = zip(content, changed, strict=True)
    self.assertEqual(sum(one != other for one, other in pairs), 1)

  def test_a_file_without_signatures(self):
    content = tiny_model.float_model()
    self.assertEqual(arm32_probe.without_signatures(content), content)


if __name__ == '__main__':
  absltest.main()
