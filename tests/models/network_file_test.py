# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/network_file.py."""

import os
import subprocess
import sys

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.models import network_file


def _flipped(content):
  """Returns a file with some bytes of its weights changed."""
  start = content.index(b'\x89HDF')
  changed = bytearray(content)
  changed[start + 2000 : start + 2010] = bytes(range(1, 11))
  return bytes(changed)


class NetworkFileTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    folder = self.create_tempdir().full_path
    self.path = os.path.join(folder, 'network.keras')

  def test_loads_layers_of_the_project(self):
    image = keras.Input((12, 16, 3))
    depth = clb.CollapsibleConv2D(1, expansion=4)(image)
    network = keras.Model(image, depth)
    network.save(self.path)
    loaded = network_file.load_network(self.path)
    rgb = np.random.default_rng(0).uniform(0, 255, (2, 12, 16, 3))
    self.assertAllClose(
      loaded(rgb, training=False), network(rgb, training=False)
    )

  def test_two_lines_load_it_in_another_program(self):
    image = keras.Input((12, 16, 3))
    depth = clb.CollapsibleConv2D(1, expansion=4)(image)
    keras.Model(image, depth).save(self.path)
    other = subprocess.run(
      [
        sys.executable,
        '-c',
        'import depth_mai.models, keras\n'
        f'network = keras.models.load_model({self.path!r})\n'
        'print(network.output_shape)',
      ],
      env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
      capture_output=True,
      text=True,
    )
    self.assertEqual(other.stdout, '(None, 12, 16, 1)\n', other.stderr)

  @parameterized.parameters(
    (lambda content: b'', 'it is empty'),
    (lambda content: content[:-100], 'cut off'),
    (lambda content: content[:1000], 'cut off'),
    (lambda content: bytes(len(content)), 'cut off'),
    (lambda content: _flipped(content), 'checksum|cut off|invalid'),
  )
  def test_damage_is_named_with_its_cure(self, damage, reason):
    image = keras.Input((12, 16, 3))
    keras.Model(image, keras.layers.Conv2D(1, 3)(image)).save(self.path)
    self.assertEqual(network_file.damage(self.path), '')
    with open(self.path, 'rb') as stream:
      content = damage(stream.read())
    with open(self.path, 'wb') as stream:
      stream.write(content)
    with self.assertRaisesRegex(
      ValueError, rf'network.keras is damaged .*({reason}).*last.keras'
    ) as caught:
      network_file.load_network(self.path)
    self.assertLen(str(caught.exception).splitlines(), 1)

  def test_saves_atomically(self):
    inputs = keras.Input((2,))
    network = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    network_file.save_network(network, self.path)
    loaded = keras.models.load_model(self.path)
    self.assertAllEqual(network.weights[0], loaded.weights[0])
    self.assertEqual(os.listdir(os.path.dirname(self.path)), ['network.keras'])

  def test_a_pipe_is_refused_at_once(self):
    os.mkfifo(self.path)
    with self.assertRaisesRegex(OSError, 'a pipe'):
      network_file.load_network(self.path)

  def test_missing_file(self):
    with self.assertRaisesRegex(ValueError, 'There is no network .*best.keras'):
      network_file.load_network('runs/none/best.keras')

  def test_the_folder_of_a_training(self):
    os.mkdir(self.path)
    with self.assertRaisesRegex(ValueError, 'is a folder.*keras/best.keras'):
      network_file.load_network(self.path)

  def test_a_file_that_is_no_network(self):
    with open(self.path, 'w') as stream:
      stream.write('something else')
    with self.assertRaisesRegex(ValueError, 'damaged .*not a .keras file'):
      network_file.load_network(self.path)

  @parameterized.parameters(
    ((12, 16, 1), 1), ((12, 16, 3), 2), ((None, None, 3), 1)
  )
  def test_a_network_that_predicts_no_depth(self, input_shape, channels):
    image = keras.Input(input_shape)
    keras.Model(image, keras.layers.Conv2D(channels, 1)(image)).save(self.path)
    with self.assertRaisesRegex(ValueError, 'is not a depth network'):
      network_file.load_network(self.path)


if __name__ == '__main__':
  tf.test.main()
