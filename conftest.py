# SPDX-License-Identifier: Apache-2.0
"""Lets tests written for absl (as Bazel runs them) run under pytest too."""

from absl import flags

# absltest parses the flags in its main(), which pytest never calls; without
# them there is no `create_tempdir`.
flags.FLAGS.mark_as_parsed()
