# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/containers.py."""

import io
import struct
import zipfile
import zlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from benchmarks.damage import containers
from benchmarks.damage import samples


def _all(damager, content, count=50):
  return [
    damager(content, np.random.default_rng(number)) for number in range(count)
  ]


def _encoded(name):
  stream = io.BytesIO()
  Image.fromarray(samples.rgb(1)).save(stream, name)
  return stream.getvalue()


class ContainersTest(absltest.TestCase):
  def test_png_chunks_have_right_checksums(self):
    content = _encoded('PNG')
    for one in _all(containers.damaged_png, content):
      place = 8
      while place < len(one.content):
        size, kind = struct.unpack_from('>I4s', one.content, place)
        body = one.content[place + 8 : place + 8 + size]
        checksum = struct.pack('>I', zlib.crc32(kind + body))
        end = place + 12 + size
        self.assertEqual(one.content[end - 4 : end], checksum, one.what)
        place = end
      self.assertEqual(place, len(one.content))
      self.assertTrue(one.sealed)

  def test_jpeg_scan_is_kept(self):
    content = _encoded('JPEG')
    scan = content[content.index(b'\xff\xda') + 14 :]
    for one in _all(containers.damaged_jpeg, content):
      self.assertEndsWith(one.content, scan)

  def test_zip_content_with_a_right_checksum_is_sealed(self):
    content = containers.packed({'a': b'1' * 500, 'b': b'2' * 500})
    seen = set()
    for one in _all(containers.damaged_zip, content):
      if one.sealed:
        with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
          self.assertIsNone(archive.testzip())
        seen.add(one.what.partition(':')[0])
    self.assertEqual(seen, {"entry 'a'", "entry 'b'"})

  def test_a_replaced_array_is_sealed_unless_the_project_has_a_checksum(self):
    stream = io.BytesIO()
    np.savez(stream, depth=np.ones((3, 4), np.float32))
    for damager, sealed in (
      (containers.damaged_npz, True),
      (containers.damaged_own_npz, False),
    ):
      arrays = [
        one
        for one in _all(damager, stream.getvalue())
        if one.what.startswith('array')
      ]
      self.assertEqual({one.sealed for one in arrays}, {sealed})

  def test_npy_header_is_damaged(self):
    stream = io.BytesIO()
    np.save(stream, np.ones((30, 40), np.float32))
    found = _all(containers.damaged_npy, stream.getvalue())
    self.assertTrue(any(b'(0, 0)' in one.content for one in found))


if __name__ == '__main__':
  absltest.main()
