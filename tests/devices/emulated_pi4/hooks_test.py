# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.emulated_pi4 import hooks


class HooksTest(parameterized.TestCase):
  # Encodings of an assembler.
  @parameterized.parameters(
    (0x1000, 0x1008, 0x14000002),
    (0x1008, 0x1000, 0x17FFFFFE),
    (0x2FD9B0, 0xB2AA34, 0x1420B421),
    (0, (1 << 27) - 4, 0x15FFFFFF),
    (1 << 27, 0, 0x16000000),
  )
  def test_branches(self, source, target, word):
    self.assertEqual(hooks.branch(source, target), word)

  @parameterized.parameters(1 << 27, -(1 << 27) - 4)
  def test_too_far(self, distance):
    with self.assertRaisesRegex(ValueError, 'cannot reach'):
      hooks.branch(1 << 30, (1 << 30) + distance)

  @parameterized.named_parameters(
    ('sub_sp', 0xD101C3FF, True),
    ('stp', 0xA9BE7BFD, True),
    ('ldr_from_x0', 0xF9417408, True),
    ('movz', 0x52840008, True),
    ('adrp', 0xB00042E0, False),
    ('adr', 0x10000040, False),
    ('ldr_literal', 0x58000040, False),
    ('ldr_literal_vector', 0x9C000040, False),
    ('branch', 0x1420B421, False),
    ('call', 0x9420B3F9, False),
    ('cbz', 0xB4000040, False),
    ('tbnz', 0x37000175, False),
    ('ret', 0xD65F03C0, False),
  )
  def test_movable_instructions(self, word, movable):
    self.assertEqual(hooks.is_movable(word), movable)


if __name__ == '__main__':
  absltest.main()
