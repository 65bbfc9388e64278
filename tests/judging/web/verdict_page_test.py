# SPDX-License-Identifier: Apache-2.0
import copy

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import verdict_page
from tests.judging.web import small_verdicts


def _changed(*path, to):
  """Returns a record with one value replaced."""
  record = copy.deepcopy(small_verdicts.record())
  place = record
  for key in path[:-1]:
    place = place[key]
  place[path[-1]] = to
  return record


class VerdictPageTest(parameterized.TestCase):
  def test_content(self):
    found = verdict_page.content(small_verdicts.record(number=7), False)
    self.assertEqual(found['state'], 'accepted')
    self.assertEqual(found['page'], f'/verdicts/{7:016x}')
    self.assertFalse(found['stored'])

  def test_whole_verdicts(self):
    for record in (
      small_verdicts.record(),
      small_verdicts.record(errors=[small_verdicts.ERROR]),
      small_verdicts.predicted_record(),
    ):
      verdict_page.check(record)

  @parameterized.parameters(
    (('verdict',), {}),
    (('verdict', 'file'), None),
    (('verdict', 'score'), 'high'),
    (('verdict', 'score'), float('nan')),
    (('verdict', 'si_rmse'), [0.3]),
    (('verdict', 'runtime'), 7),
    (('verdict', 'standing'), ['a']),
    (('verdict', 'interface'), {'unit': 'mm'}),
    (('name',), '\ud800'),
    (('pictures',), [5]),
  )
  def test_damaged_ones(self, path, value):
    with self.assertRaises(Exception):  # noqa: B017, of any type.
      verdict_page.check(_changed(*path, to=value))


if __name__ == '__main__':
  absltest.main()
