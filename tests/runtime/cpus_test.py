# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.runtime import cpus


class CpusTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _write(self, name, text):
    path = self.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

  @parameterized.parameters(
    # As docker run --cpus=1.5 shows it, without and with its own namespace.
    ({'sys/fs/cgroup/cpu.max': '150000 100000\n'}, '0::/', 1.5),
    ({'sys/fs/cgroup/a/b/cpu.max': '50000 100000'}, '0::/a/b', 0.5),
    ({'sys/fs/cgroup/a/cpu.max': '50000 100000'}, '0::/a/b', 0.5),
    ({'sys/fs/cgroup/cpu.max': 'max 100000\n'}, '0::/', None),
    (
      {
        'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '200000',
        'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      '5:memory:/y\n3:cpu,cpuacct:/x\n',
      2.0,
    ),
    ({'sys/fs/cgroup/cpu.max': '\0nonsense'}, '\0', None),
    ({}, '', None),
  )
  def test_quota(self, files, groups, expected):
    self._write('proc/self/cgroup', groups)
    for name, text in files.items():
      self._write(name, text)
    self.assertEqual(cpus.quota(self.root), expected)

  @parameterized.parameters(
    (1, None, 1), (4, 1.5, 2), (4, 0.2, 1), (2, 8.0, 2), (64, 64.0, 64)
  )
  def test_allowed(self, usable, quota, expected):
    self.assertEqual(cpus.allowed(usable, quota), expected)
    self.assertEqual(cpus.allowed(None, None), os.cpu_count())

  def test_warning_of_a_quota(self):
    self._write('sys/fs/cgroup/cpu.max', '150000 100000\n')
    with mock.patch.object(cpus, 'usable_cpus', lambda: [0, 1, 2, 3]):
      self.assertEqual(cpus.thread_warning(2, self.root), '')
      self.assertRegex(
        cpus.thread_warning(4, self.root),
        '^4 threads share 2 logical CPUs, .* at most --threads=2.$',
      )

  def test_a_process_that_may_use_one_cpu(self):
    if not hasattr(os, 'sched_getaffinity'):
      self.skipTest('no sets of CPUs')
    first = cpus.usable_cpus()[0]
    code = (
      f'import os; os.sched_setaffinity(0, [{first}])\n'
      'from depth_mai.runtime import cpus\n'
      'print(cpus.usable_cpus(), cpus.thread_warning(2))'
    )
    done = subprocess.run(
      [sys.executable, '-c', code],
      env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)},
      capture_output=True,
      text=True,
      check=True,
    )
    self.assertStartsWith(
      done.stdout, f'[{first}] 2 threads share 1 logical CPU,'
    )


if __name__ == '__main__':
  absltest.main()
