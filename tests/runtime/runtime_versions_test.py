# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/runtime_versions.py."""

from absl.testing import absltest

from depth_mai.lite import flatbuffer
from depth_mai.runtime import runtime_versions


class RuntimeVersionsTest(absltest.TestCase):
  def test_operators_are_builtins(self):
    builtins = vars(flatbuffer.schema.BuiltinOperator)
    for name in runtime_versions.FIRST_RELEASE:
      self.assertIn(name, builtins)

  def test_releases_grow_with_the_version(self):
    for name, releases in runtime_versions.FIRST_RELEASE.items():
      known = [release for release in releases if release]
      for release in known:
        self.assertRegex(release, r'^[12]\.\d+\.\d+$')
      numbers = [tuple(map(int, release.split('.'))) for release in known]
      self.assertEqual(numbers, sorted(numbers), name)

  def test_versions_by_type_are_listed(self):
    for versions in runtime_versions.VERSION_FOR_TYPE.values():
      for name, version in versions.items():
        self.assertLessEqual(
          version, len(runtime_versions.FIRST_RELEASE[name]), name
        )
    bias = runtime_versions.INT32_BIAS_VERSION_FOR_INT16
    for name, version in bias.items():
      self.assertLessEqual(version, len(runtime_versions.FIRST_RELEASE[name]))


if __name__ == '__main__':
  absltest.main()
