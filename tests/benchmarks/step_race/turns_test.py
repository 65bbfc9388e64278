# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

from absl.testing import absltest

from benchmarks.step_race import turns

# A step of known processor time, which counts itself and prints.
_WORKER = """
import os, sys, time
for name in ('absl', 'keras', 'tensorflow'):
  sys.modules[name] = None  # They cannot be imported, as where PyTorch is.
from benchmarks.step_race import recipe, turns
count = 0
def step():
  global count
  count += 1
  print('a library prints', flush=True)
  if count > 7:
    raise ValueError('the eighth step fails')
  end_s = time.process_time() + 0.02
  while time.process_time() < end_s:
    pass
turns.serve(lambda: (step, ['ready', os.environ['VARIABLE']]))
"""


class _Fake:
  def __init__(self, name, calls):
    self.name, self._calls = name, calls

  def turn(self, steps):
    self._calls.append((self.name, steps))
    return turns.Turn(len(self._calls), 0.0)


class TurnsTest(absltest.TestCase):
  def _worker(self, program):
    worker = turns.Worker(
      'fast',
      [sys.executable, '-c', program],
      pathlib.Path(self.create_tempdir().full_path, 'log'),
      {'VARIABLE': 'value'},
    )
    self.addCleanup(worker.close)
    return worker

  def test_a_worker_answers_and_runs_only_when_it_is_asked(self):
    worker = self._worker(_WORKER)
    self.assertEqual(worker.answer(), ['ready', 'value'])
    # One step of each turn is not timed.
    for steps in (3, 2):
      turn = worker.turn(steps)
      self.assertBetween(turn.cpu_s, 0.02, 0.2)
      self.assertGreater(turn.elapsed_s, 0)
    with self.assertRaisesRegex(
      ValueError, 'fast: .* code 1: ValueError: the eighth step fails'
    ):
      worker.turn(1)

  def test_a_worker_that_cannot_start_says_why(self):
    worker = self._worker('import no_such_library')
    with self.assertRaisesRegex(ValueError, "fast: .*'no_such_library'"):
      worker.answer()
    with self.assertRaisesRegex(ValueError, "fast: .*'no_such_library'"):
      worker.turn(1)

  def test_each_round_starts_with_another_worker(self):
    calls = []
    workers = [_Fake(name, calls) for name in 'abc']
    taken = turns.race(workers, turns=3, steps=5)
    self.assertEqual(''.join(name for name, _ in calls), 'abcbcacab')
    self.assertEqual({steps for _, steps in calls}, {5})
    self.assertEqual(
      [[turn.elapsed_s for turn in one] for one in taken],
      [[1, 6, 8], [2, 4, 9], [3, 5, 7]],
    )


if __name__ == '__main__':
  absltest.main()
