# SPDX-License-Identifier: Apache-2.0
import ctypes

from absl.testing import absltest
from absl.testing import parameterized

from tests.devices.emulated_pi4.plugin import compiled

_CODE = """
#include "a64.h"
static const char *const names[NUM_CLASSES] = CLASS_NAMES;
const char *name(uint32_t word) { return names[a64_decode(word).kind]; }
int loads(uint32_t word) { return a64_decode(word).load_bytes; }
int stores(uint32_t word) { return a64_decode(word).store_bytes; }
"""
# Encodings of an assembler, with class, loaded and stored bytes from the
# Architecture Reference Manual.
_LOADS_AND_STORES = (
  (0xF947B800, 'ldr x0, [x0, #0xf70]', 'scalar_load', 8, 0),
  (0xB9408909, 'ldr w9, [x8, #0x88]', 'scalar_load', 4, 0),
  (0x39780260, 'ldrb w0, [x19, #0xe00]', 'scalar_load', 1, 0),
  (0x7980042A, 'ldrsh x10, [x1, #2]', 'scalar_load', 2, 0),
  (0xB9809A88, 'ldrsw x8, [x20, #0x98]', 'scalar_load', 4, 0),
  (0x58000040, 'ldr x0, pc+8', 'scalar_load', 8, 0),
  (0x98000040, 'ldrsw x0, pc+8', 'scalar_load', 4, 0),
  (0xA8C27BFD, 'ldp x29, x30, [sp], #0x20', 'scalar_load', 16, 0),
  (0x2944DEA8, 'ldp w8, w23, [x21, #0x24]', 'scalar_load', 8, 0),
  (0x69402808, 'ldpsw x8, x10, [x0]', 'scalar_load', 8, 0),
  (0xC85FFC40, 'ldaxr x0, [x2]', 'scalar_load', 8, 0),
  (0xF9000BF3, 'str x19, [sp, #0x10]', 'scalar_store', 0, 8),
  (0x39380260, 'strb w0, [x19, #0xe00]', 'scalar_store', 0, 1),
  (0x79001008, 'strh w8, [x0, #8]', 'scalar_store', 0, 2),
  (0xA9BE7BFD, 'stp x29, x30, [sp, #-0x20]!', 'scalar_store', 0, 16),
  (0x8811FC41, 'stlxr w17, w1, [x2]', 'scalar_store', 0, 4),
  (0x3D404992, 'ldr b18, [x12, #0x12]', 'vector_load', 1, 0),
  (0x7D4002A2, 'ldr h2, [x21]', 'vector_load', 2, 0),
  (0xBD40A6A0, 'ldr s0, [x21, #0xa4]', 'vector_load', 4, 0),
  (0xFD401AA0, 'ldr d0, [x21, #0x30]', 'vector_load', 8, 0),
  (0x3DC00020, 'ldr q0, [x1]', 'vector_load', 16, 0),
  (0x9C000040, 'ldr q0, pc+8', 'vector_load', 16, 0),
  (0xAD7F8560, 'ldp q0, q1, [x11, #-0x10]', 'vector_load', 32, 0),
  (0x3D800280, 'str q0, [x20]', 'vector_store', 0, 16),
  (0xBD00A680, 'str s0, [x20, #0xa4]', 'vector_store', 0, 4),
  (0xAD030000, 'stp q0, q0, [x0, #0x60]', 'vector_store', 0, 32),
  (0x4CDF7890, 'ld1 {v16.4s}, [x4], #16', 'vector_load', 16, 0),
  (0x4C40A91B, 'ld1 {v27.4s, v28.4s}, [x8]', 'vector_load', 32, 0),
  (0x4C406D1C, 'ld1 {v28.2d, v29.2d, v30.2d}, [x8]', 'vector_load', 48, 0),
  (0x4CDF2158, 'ld1 {v24.16b to v27.16b}, [x10], #64', 'vector_load', 64, 0),
  (0x0C408202, 'ld2 {v2.8b, v3.8b}, [x16]', 'vector_load', 16, 0),
  (0x4CDF4284, 'ld3 {v4.16b to v6.16b}, [x20], #48', 'vector_load', 48, 0),
  (0x0CDF0143, 'ld4 {v3.8b to v6.8b}, [x10], #32', 'vector_load', 32, 0),
  (0x0D4005D2, 'ld1 {v18.b}[1], [x14]', 'vector_load', 1, 0),
  (0x0D404364, 'ld1 {v4.h}[0], [x27]', 'vector_load', 2, 0),
  (0x0D409204, 'ld1 {v4.s}[1], [x16]', 'vector_load', 4, 0),
  (0x4D408580, 'ld1 {v0.d}[1], [x12]', 'vector_load', 8, 0),
  (0x0DEE8369, 'ld2 {v9.s, v10.s}[0], [x27], x14', 'vector_load', 8, 0),
  (0x0D406308, 'ld3 {v8.h to v10.h}[0], [x24]', 'vector_load', 6, 0),
  (0x0DE8A250, 'ld4 {v16.s to v19.s}[0], [x18], x8', 'vector_load', 16, 0),
  (0x4D40C940, 'ld1r {v0.4s}, [x10]', 'vector_load', 4, 0),
  (0x4D60C1A0, 'ld2r {v0.16b, v1.16b}, [x13]', 'vector_load', 2, 0),
  (0x0C9F7210, 'st1 {v16.8b}, [x16], #8', 'vector_store', 0, 8),
  (0x4C002D20, 'st1 {v0.2d to v3.2d}, [x9]', 'vector_store', 0, 64),
  (0x4C004B50, 'st3 {v16.4s to v18.4s}, [x26]', 'vector_store', 0, 48),
  (0x0DBFA000, 'st4 {v0.s to v3.s}[0], [x0], #16', 'vector_store', 0, 16),
  (0xF9800000, 'prfm pldl1keep, [x0]', 'prefetch', 0, 0),
  (0xF8A06800, 'prfm pldl1keep, [x0, x0]', 'prefetch', 0, 0),
)
_ARITHMETIC = (
  (0x4E24CC43, 'fmla v3.4s, v2.4s, v4.4s', 'float_multiply_add_128'),
  (0x4EBCCF9B, 'fmls v27.4s, v28.4s, v28.4s', 'float_multiply_add_128'),
  (0x4F801042, 'fmla v2.4s, v2.4s, v0.s[0]', 'float_multiply_add_128'),
  (0x0E21CC02, 'fmla v2.2s, v0.2s, v1.2s', 'float_multiply_add_64'),
  (0x1F012000, 'fmadd s0, s0, s1, s8', 'float_multiply_add_scalar'),
  (0x5F801042, 'fmla s2, s2, v0.s[0]', 'float_multiply_add_scalar'),
  (0x1E282800, 'fadd s0, s0, s8', 'other_float'),
  (0x4E21D4A5, 'fadd v5.4s, v5.4s, v1.4s', 'other_float'),
  (0x4F809042, 'fmul v2.4s, v2.4s, v0.s[0]', 'other_float'),
  (0x4E20F421, 'fmax v1.4s, v1.4s, v0.4s', 'other_float'),
  (0x4EA0F850, 'fabs v16.4s, v2.4s', 'other_float'),
  (0x6EA1F800, 'fsqrt v0.4s, v0.4s', 'other_float'),
  (0x4E218AD6, 'frintn v22.4s, v22.4s', 'other_float'),
  (0x0E616863, 'fcvtn v3.2s, v3.2d', 'other_float'),
  (0x4E21D842, 'scvtf v2.4s, v2.4s', 'other_float'),
  (0x4F3CE442, 'scvtf v2.4s, v2.4s, #4', 'other_float'),
  (0x4EA1BB17, 'fcvtzs v23.4s, v24.4s', 'other_float'),
  (0x1E380008, 'fcvtzs w8, s0', 'other_float'),
  (0x9E220100, 'scvtf s0, x8', 'other_float'),
  (0x7E30D821, 'faddp s1, v1.2s', 'other_float'),
  (0x1E212000, 'fcmp s0, s1', 'other_float'),
  (0x1E26002B, 'fmov w11, s1', 'other_float'),
  (0x4EA494D0, 'mla v16.4s, v6.4s, v4.4s', 'integer_multiply_add'),
  (0x4EA09C40, 'mul v0.4s, v2.4s, v0.4s', 'integer_multiply_add'),
  (0x0EA6C167, 'smull v7.2d, v11.2s, v6.2s', 'integer_multiply_add'),
  (0x4EA68171, 'smlal2 v17.2d, v11.4s, v6.4s', 'integer_multiply_add'),
  (0x2E60A0E2, 'umlsl v2.4s, v7.4h, v0.4h', 'integer_multiply_add'),
  (0x4E819510, 'sdot v16.4s, v8.16b, v1.16b', 'integer_multiply_add'),
  (0x4F83D0C6, 'sqrdmulh v6.4s, v6.4s, v3.s[0]', 'other_vector'),
  (0x4E70B650, 'sqdmulh v16.8h, v18.8h, v16.8h', 'other_vector'),
  (0x4E606A44, 'sadalp v4.4s, v18.8h', 'other_vector'),
  (0x4EE28400, 'add v0.2d, v0.2d, v2.2d', 'other_vector'),
  (0x4EA0B800, 'abs v0.4s, v0.4s', 'other_vector'),
  (0x4E30A800, 'smaxv b0, v0.16b', 'other_vector'),
  (0x0E6148C6, 'sqxtn v6.4h, v6.4s', 'other_vector'),
  (0x6F3F14B1, 'usra v17.4s, v5.4s, #1', 'other_vector'),
  (0x6F00E400, 'movi v0.2d, #0', 'other_vector'),
  (0x4F03F600, 'fmov v0.4s, #1.0', 'other_vector'),
  (0x4E080D00, 'dup v0.2d, x8', 'other_vector'),
  (0x0E0D3C30, 'umov w16, v1.b[6]', 'other_vector'),
  (0x6E004000, 'ext v0.16b, v0.16b, v0.16b, #8', 'other_vector'),
  (0x0E003821, 'zip1 v1.8b, v1.8b, v0.8b', 'other_vector'),
  (0x1420B421, 'b', 'branch'),
  (0x9420B3F9, 'bl', 'branch'),
  (0xD61F0200, 'br x16', 'branch'),
  (0xD65F03C0, 'ret', 'branch'),
  (0x540000C0, 'b.eq', 'branch'),
  (0xB4000040, 'cbz x0', 'branch'),
  (0x37000175, 'tbnz w21, #0', 'branch'),
  (0xB00042E0, 'adrp x0', 'other_scalar'),
  (0x91008000, 'add x0, x0, #0x20', 'other_scalar'),
  (0x9B085B48, 'madd x8, x26, x8, x22', 'other_scalar'),
  (0x9A8103E8, 'csel x8, xzr, x1, eq', 'other_scalar'),
  (0xD3441108, 'ubfx x8, x8, #4, #1', 'other_scalar'),
)


class A64Test(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.code = compiled.compile_or_skip(self, _CODE)
    self.code.name.restype = ctypes.c_char_p

  def test_loads_and_stores(self):
    for word, text, name, loads, stores in _LOADS_AND_STORES:
      with self.subTest(text):
        self.assertEqual(self.code.name(word).decode(), name)
        self.assertEqual(self.code.loads(word), loads)
        self.assertEqual(self.code.stores(word), stores)

  def test_arithmetic_moves_nothing(self):
    for word, text, name in _ARITHMETIC:
      with self.subTest(text):
        self.assertEqual(self.code.name(word).decode(), name)
        self.assertEqual(self.code.loads(word) + self.code.stores(word), 0)


if __name__ == '__main__':
  absltest.main()
