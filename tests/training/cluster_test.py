# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/cluster.py."""

import json

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.training import cluster

_TWO = ['10.0.0.1:2222', 'node-2:2222']


def _read(config):
  text = config if isinstance(config, str) else json.dumps(config)
  return cluster.read({'TF_CONFIG': text})


class ClusterTest(parameterized.TestCase):
  def test_workers(self):
    task = {'type': 'worker', 'index': 1}
    read = _read({'cluster': {'worker': _TWO}, 'task': task})
    self.assertEqual(read, cluster.Task(tuple(_TWO), 1))
    self.assertFalse(read.is_chief)

  def test_a_chief_comes_before_the_workers(self):
    jobs = {'worker': _TWO, 'chief': ['[::1]:2222']}
    for kind, index, place in (('chief', 0, 0), ('worker', '1', 2)):
      task = {'type': kind, 'index': index}
      # Others, such as Kubernetes', add keys of their own.
      read = _read({'cluster': jobs, 'task': task, 'environment': 'cloud'})
      self.assertEqual(read.addresses, ('[::1]:2222', *_TWO))
      self.assertEqual(read.index, place)
      self.assertEqual(read.is_chief, place == 0)

  @parameterized.parameters(
    ('{', 'TF_CONFIG is no JSON: Expecting property name'),
    ('[]', 'TF_CONFIG has no workers in "cluster"'),
    ({'cluster': {'worker': []}}, 'has no workers'),
    ({'cluster': {'worker': _TWO, 'ps': _TWO}}, r'has the jobs \["ps"\]; only'),
    ({'cluster': {'worker': 'a:1'}}, '"a:1" as cluster.worker; it must be a'),
    ({'cluster': {'worker': ['10.0.0.1']}}, r'\["10.0.0.1"\] as cluster'),
    ({'cluster': {'worker': ['grpc://a:1']}}, r'\["grpc://a:1"\] as cluster'),
    ({'cluster': {'chief': _TWO}}, 'has more than one chief'),
    ({'cluster': {'worker': ['a:1', 'a:1']}}, 'the address "a:1" twice'),
    ({'cluster': {'worker': _TWO}}, 'has null as task.type; it must be a job'),
    (
      {'cluster': {'worker': _TWO}, 'task': {'type': 'chief', 'index': 0}},
      'has "chief" as task.type',
    ),
    (
      {'cluster': {'worker': _TWO}, 'task': {'type': 'worker', 'index': 2}},
      'has 2 as task.index; the job "worker" has the indices 0 to 1',
    ),
    (
      {'cluster': {'worker': _TWO}, 'task': {'type': 'worker', 'index': True}},
      'has true as task.index',
    ),
  )
  def test_refuses(self, config, problem):
    with self.assertRaisesRegex(ValueError, problem) as caught:
      _read(config)
    self.assertIn('for example {"cluster"', str(caught.exception))

  def test_its_absence_names_the_gin_key(self):
    for variables in ({}, {'TF_CONFIG': ''}):
      with self.assertRaisesRegex(
        ValueError, "train.strategy = 'multi_worker'"
      ):
        cluster.read(variables)


if __name__ == '__main__':
  absltest.main()
