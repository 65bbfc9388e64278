# SPDX-License-Identifier: Apache-2.0
r"""Counts the lines that survive when several programs fill one store at once.

  python benchmarks/store_writers.py --writers=8 --lines=200 --rounds=10

Each round starts that many processes, which add their lines to one new file
while another process reads it again and again. A line is kept if it is whole
and has the value that its writer gave it.
"""

import multiprocessing
import pathlib
import tempfile
import time
from typing import Any

from absl import flags

from depth_mai import program
from depth_mai.devices import store as store_lib

_WRITERS = flags.DEFINE_integer('writers', 8, 'Processes that write.', 1)
_LINES = flags.DEFINE_integer('lines', 200, 'Lines that each of them adds.', 1)
_ROUNDS = flags.DEFINE_integer('rounds', 10, 'Number of new files.', 1)
_KIND = 'line'


def _value(writer: int, number: int) -> dict:
  """Returns the value of a line, of up to 20000 characters."""
  return {'text': f'{writer}.' * (997 * (writer + 1) * number % 10000)}


def _write(path: pathlib.Path, writer: int, lines: int) -> None:
  store = store_lib.Store(path)
  for number in range(lines):
    key = {'writer': writer, 'number': number}
    store.put(_KIND, key, _value(writer, number))


def _read(path: pathlib.Path, done: Any, said: Any) -> None:
  while not done.is_set():
    store_lib.Store(path, said.put)
    time.sleep(0.01)


def run_round(
  path: pathlib.Path, writers: int, lines: int
) -> tuple[int, int, int]:
  """Writes one file; returns the lines kept, the lines lost, bad readings."""
  context = multiprocessing.get_context('spawn')
  done, said = context.Event(), context.SimpleQueue()
  reader = context.Process(target=_read, args=(path, done, said))
  reader.start()
  processes = [
    context.Process(target=_write, args=(path, writer, lines))
    for writer in range(writers)
  ]
  for process in processes:
    process.start()
  for process in processes:
    process.join()
  done.set()
  reader.join()
  bad = 0
  while not said.empty():
    said.get()
    bad += 1
  kept = sum(
    value == _value(key['writer'], key['number'])
    for key, value in store_lib.Store(path).of_kind(_KIND)
  )
  return kept, writers * lines - kept, bad


def main(argv: list[str]) -> None:
  """Prints the counts of each round."""
  program.no_arguments(argv)
  for number in range(_ROUNDS.value):
    with tempfile.TemporaryDirectory() as folder:
      started_s = time.monotonic()
      kept, lost, bad = run_round(
        pathlib.Path(folder, 'store.jsonl'), _WRITERS.value, _LINES.value
      )
      seconds = time.monotonic() - started_s
    print(
      f'round {number + 1}: {kept} kept, {lost} lost, {bad} readings saw part '
      f'of a line, {seconds:.1f} s',
      flush=True,
    )


if __name__ == '__main__':
  program.run(main)
