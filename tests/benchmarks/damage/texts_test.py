# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/texts.py."""

import json

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from benchmarks.damage import texts

_JSON = json.dumps({'a': [1, 2.5], 'b': {'c': 'text'}})
_LINES = ''.join(json.dumps({'step': n}) + '\n' for n in range(5))
_GIN = 'train.epochs = 3\n# A comment.\nadam.epsilon = 1e-7\n'
_TOML = "rgb = 'a'\n[split]\n# test = 0.1\n"


def _all(damager, text, count=150):
  return [
    damager(text.encode(), np.random.default_rng(number))
    for number in range(count)
  ]


class TextsTest(parameterized.TestCase):
  @parameterized.parameters(
    (texts.damaged_json, _JSON),
    (texts.damaged_json_lines, _LINES),
    (texts.damaged_gin, _GIN),
    (texts.damaged_toml, _TOML),
    (texts.damaged_list, 'a/b.png\nc\n'),
  )
  def test_damage_is_reproducible_and_varied(self, damager, text):
    found = _all(damager, text)
    self.assertEqual(found, _all(damager, text))
    self.assertGreater(len({one.content for one in found}), 20)

  def test_most_json_can_be_parsed_and_differs_in_one_value(self):
    parsed = 0
    for one in _all(texts.damaged_json, _JSON):
      if b'[[[[' in one.content or b'{"a":{"a":{' in one.content:
        continue  # Too deep for the parser.
      try:
        parsed += json.loads(one.content) != json.loads(_JSON)
      except ValueError:
        continue
    self.assertGreater(parsed, 75)

  def test_a_line_is_damaged_and_the_others_are_kept(self):
    for one in _all(texts.damaged_json_lines, _LINES):
      if one.what.startswith('line '):
        lost = set(_LINES.splitlines()) - set(one.content.decode().splitlines())
        self.assertLessEqual(len(lost), 2, one.what)

  def test_gin_includes_itself(self):
    found = _all(texts.damaged_gin, _GIN, 400)
    self.assertTrue(
      any(b'include "damaged.gin"' in one.content for one in found)
    )


if __name__ == '__main__':
  absltest.main()
