# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import hooks
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.devices.emulated_pi4 import operators
from tests.runtime import hand_drawn

_GRAPH, _SUBGRAPH, _DRAFT, _OTHER = 11, 22, 33, 44
_EACH = hooks.EXTRA_BEFORE + hooks.EXTRA_AFTER


def _snapshot(tag, arguments=(), instructions=0, loads=0):
  arguments = (*arguments, *[0] * (6 - len(arguments)))
  counters = {
    'instructions': instructions,
    'load_bytes': loads,
    'store_bytes': loads // 2,
  }
  return marks.Snapshot(tag, arguments, counters)


def _visit(node, subgraph=_SUBGRAPH):
  return _snapshot(marks.VISIT, (subgraph, 0, 0, 0, 0, node))


def _new(subgraph=_SUBGRAPH):
  return _snapshot(marks.NEW_NODE, (subgraph,))


def _optimize(subgraph=_SUBGRAPH):
  return _snapshot(marks.OPTIMIZE, (subgraph,))


class OwnersTest(absltest.TestCase):
  def test_partitions(self):
    # Nodes 0 to 2 are visited without a subgraph. 0 and 2 are taken; two nodes
    # are made for 2. There are a draft in between, a node that XNNPACK adds,
    # and a second partition at the same address.
    snapshots = [_visit(0, 0), _visit(1, 0), _visit(2, 0)]
    snapshots += [_visit(0), _new(), _visit(2), _new(), _new()]
    snapshots += [_new(_DRAFT), _optimize(_DRAFT), _optimize(), _new()]
    snapshots += [_visit(4), _new(), _optimize()]
    self.assertEqual(
      operators.owners_of_nodes(snapshots), [[0, 2, 2, None], [4]]
    )
    self.assertEqual(operators.taken_by_xnnpack(snapshots), {0, 2, 4})

  def test_without_xnnpack(self):
    self.assertEqual(operators.owners_of_nodes([_snapshot(marks.BEGIN)]), [])


class StartTest(absltest.TestCase):
  def test_each_operator_lasts_until_the_next(self):
    marks_at = (
      (marks.BEGIN, 100),
      (marks.START, 103),
      (marks.START, 150),
      (marks.END, 200),
    )
    inference = [
      marks.Snapshot(tag, (0,) * 6, {'instructions': now})
      for tag, now in marks_at
    ]
    none = {'load_bytes': 0, 'store_bytes': 0}
    self.assertEqual(
      operators.count_by_start(inference),
      {
        None: {'kernels': 0, 'instructions': 3, **none},
        0: {'kernels': 1, 'instructions': 47, **none},
        1: {'kernels': 1, 'instructions': 50, **none},
      },
    )


class _Clock:
  """Makes snapshots after given numbers of instructions, including hooks."""

  def __init__(self):
    self.now, self.list = 0, [_snapshot(marks.BEGIN)]

  def after(self, instructions, tag, *arguments):
    extra = 0
    if self.list[-1].tag != marks.BEGIN:
      extra += hooks.EXTRA_AFTER
    if tag != marks.END:
      extra += hooks.EXTRA_BEFORE
    self.now += instructions + extra
    self.list.append(_snapshot(tag, arguments, self.now, 10 * self.now))
    return self


class CountByOperatorTest(absltest.TestCase):
  def test_built_in_kernels(self):
    clock = _Clock()
    clock.after(100, marks.DONE, _GRAPH, 0, 0)
    clock.after(200, marks.DONE, _GRAPH, 0, 1)
    clock.after(7, marks.END)
    found = operators.count_by_operator(clock.list, [], [])
    self.assertEqual(found[0]['instructions'], 100)
    self.assertEqual(found[1]['instructions'], 200)
    self.assertEqual(found[None]['instructions'], 7)
    self.assertEqual((found[0]['kernels'], found[None]['kernels']), (1, 0))
    # A hook only moves registers, so it loads and stores nothing.
    self.assertEqual(found[0]['load_bytes'], 10 * (100 + hooks.EXTRA_BEFORE))

  def test_two_partitions_around_an_operator(self):
    # Operator 1 ran as two nodes, 2 was fused with it, 3 stays outside.
    clock = _Clock()
    clock.after(5, marks.RUN, 0, 0, 0)
    clock.after(100, marks.RUN, 0, 1, 0)
    clock.after(30, marks.RUN, 0, 1, 1)
    clock.after(40, marks.DONE, _GRAPH, 0, 9)
    clock.after(300, marks.DONE, _GRAPH, 0, 3)
    clock.after(6, marks.RUN, 0, 0, 0)
    clock.after(50, marks.DONE, _GRAPH, 0, 10)
    clock.after(8, marks.END)
    found = operators.count_by_operator(clock.list, [[0, 1, 2], [4]], [9, 10])
    counts = {key: value['instructions'] for key, value in found.items()}
    self.assertEqual(counts, {0: 100, 1: 70, 3: 300, 4: 50, None: 19})
    self.assertEqual(found[1]['kernels'], 2)
    hooked = clock.list[-1].counters['instructions']
    self.assertEqual(sum(counts.values()) + 7 * _EACH, hooked)

  def test_called_functions_belong_to_the_operator(self):
    clock = _Clock()
    clock.after(10, marks.DONE, _OTHER, 0, 5)
    clock.after(20, marks.DONE, _GRAPH, 0, 0)
    clock.after(1, marks.END)
    found = operators.count_by_operator(clock.list, [], [])
    self.assertEqual(found[0]['instructions'], 30)
    self.assertNotIn(5, found)

  def test_unknown_nodes_and_partitions(self):
    clock = _Clock().after(1, marks.RUN, 0, 7, 0)
    clock.after(1, marks.DONE, _GRAPH, 0, 9).after(1, marks.END)
    with self.assertRaisesRegex(ValueError, 'ran its node 7, but made only 1'):
      operators.count_by_operator(clock.list, [[0]], [9])
    with self.assertRaisesRegex(ValueError, 'Partition 0 ran, but only 0'):
      operators.count_by_operator(clock.list, [], [9])


class RowsTest(absltest.TestCase):
  def test_rows_have_the_order_of_the_graph(self):
    image, middle, depth = (hand_drawn.tensor(n, 1, 4, 4, 1) for n in range(3))
    graph = hand_drawn.draw(
      ('CONV_2D', (image, hand_drawn.weights(8, 1, 1, 1, 1)), (middle,)),
      ('RESHAPE', (middle,), (depth,)),
    )
    sums = {'kernels': 1, 'instructions': 75, 'load_bytes': 8, 'store_bytes': 4}
    rows = operators.operator_rows(graph, {0: sums}, 100, {0})
    self.assertEqual(
      rows[0],
      {
        'index': 0,
        'operator': 'CONV_2D',
        'output': 't1',
        'runs_in': 'xnnpack',
        **sums,
        'share': 0.75,
      },
    )
    self.assertEqual(rows[1]['kernels'], 0)
    self.assertEqual(rows[1]['instructions'], 0)
    self.assertEqual(rows[1]['runs_in'], 'builtin')


if __name__ == '__main__':
  absltest.main()
