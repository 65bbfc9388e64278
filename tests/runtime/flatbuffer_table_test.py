# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader against tables that the flatbuffers package wrote."""

import struct

from absl.testing import absltest
import flatbuffers

from depth_mai.runtime import flatbuffer_table


def _written():
  """Returns a file: 0 int8 -3, 1 absent, 2 text, 3 int32 vector, 4 tables."""
  builder = flatbuffers.Builder(0)
  text = builder.CreateString('grün')
  builder.StartVector(4, 3, 4)
  for value in (9, -1, 7):
    builder.PrependInt32(value)
  vector = builder.EndVector()
  inner = []
  for value in (11, 22):
    builder.StartObject(1)
    builder.PrependUint32Slot(0, value, 0)
    inner.append(builder.EndObject())
  builder.StartVector(4, 2, 4)
  for table in reversed(inner):
    builder.PrependUOffsetTRelative(table)
  tables = builder.EndVector()
  builder.StartObject(5)
  builder.PrependInt8Slot(0, -3, 0)
  builder.PrependUOffsetTRelativeSlot(2, text, 0)
  builder.PrependUOffsetTRelativeSlot(3, vector, 0)
  builder.PrependUOffsetTRelativeSlot(4, tables, 0)
  builder.Finish(builder.EndObject())
  return bytes(builder.Output())


class TableTest(absltest.TestCase):
  def test_round_trip(self):
    root = flatbuffer_table.Table.root(_written())
    self.assertEqual(root.number(0, '<b'), -3)
    self.assertEqual(root.text(2), 'grün')
    self.assertEqual(root.numbers(3, '<i4').tolist(), [7, -1, 9])
    self.assertEqual(
      [table.number(0, '<I') for table in root.tables(4)], [11, 22]
    )

  def test_absent_fields(self):
    root = flatbuffer_table.Table.root(_written())
    # 1 was left out; 5 is of a newer schema than the file's.
    for field in (1, 5):
      self.assertEqual(root.number(field, '<i'), 0)
      self.assertEqual(root.number(field, '<i', default=1), 1)
      self.assertEqual(root.text(field), '')
      self.assertEqual(root.numbers(field, '<i4').tolist(), [])
      self.assertEqual(root.tables(field), [])

  def test_refuses_damaged_files(self):
    content = _written()
    for size in (0, 3, 8, len(content) // 2):
      with self.subTest(size=size):
        with self.assertRaises((struct.error, IndexError)):
          root = flatbuffer_table.Table.root(content[:size])
          root.text(2)
          root.tables(4)[1].number(0, '<I')

  def test_refuses_a_vector_beyond_the_end(self):
    content = _written()
    count = content.index(struct.pack('<Ii', 3, 7))
    wrong = content[:count] + struct.pack('<I', 99999) + content[count + 4 :]
    with self.assertRaisesRegex(IndexError, '99999 items'):
      flatbuffer_table.Table.root(wrong).numbers(3, '<i4')

  def test_refuses_a_layout_before_the_file(self):
    # 100 bytes before byte 4: struct would read from the end of the file.
    content = struct.pack('<Ii', 4, 100) + bytes(200)
    with self.assertRaisesRegex(IndexError, 'layout at byte -96'):
      flatbuffer_table.Table.root(content).number(0, '<i')

  def test_length_of_bytes(self):
    root = flatbuffer_table.Table.root(_written())
    self.assertEqual(root.length(2), len('grün'.encode()))
    self.assertEqual(root.length(1), 0)

  def test_a_single_table(self):
    builder = flatbuffers.Builder(0)
    builder.StartObject(1)
    builder.PrependUint32Slot(0, 5, 0)
    inner = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(1, inner, 0)
    builder.Finish(builder.EndObject())
    root = flatbuffer_table.Table.root(bytes(builder.Output()))
    self.assertEqual(root.table(1).number(0, '<I'), 5)
    self.assertIsNone(root.table(0))


if __name__ == '__main__':
  absltest.main()
