# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/segmentation/classifier.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import network_file
from depth_mai.segmentation import classifier


def _labels_and_logits(classes=4):
  rng = np.random.default_rng(1)
  labels = rng.integers(-1, classes - 1, (2, 5, 6, 1))  # One class is absent.
  logits = rng.normal(0, 2, (2, 5, 6, classes)).astype(np.float32)
  logits[..., -1] = -9  # And never predicted.
  return labels, logits


class ClassifierTest(tf.test.TestCase, parameterized.TestCase):
  # TCL's head is a collapsible block, SmartLab's encoder is a model in the
  # model, and the network of 2021 shares its layers with another.
  @parameterized.parameters('icl', 'tcl', 'smartlab', 'tencent_gylab_2021')
  def test_shares_all_layers_of_a_system_but_its_last(self, name):
    network = network_file.systems()[name].build()
    model = classifier.classifier(network, 7)
    size = network.input_shape[1:3]
    self.assertEqual(model.output_shape, (None, *size, 7))
    shared = {id(variable) for variable in model.variables}
    alone = [v.path for v in network.variables if id(v) not in shared]
    self.assertNotEmpty(alone)
    for path in alone:
      self.assertStartsWith(path, 'head/')

  def test_a_network_without_a_head_is_refused(self):
    rgb = keras.Input((8, 8, 3))
    network = keras.Model(rgb, keras.layers.Conv2D(1, 1)(rgb), name='toy')
    with self.assertRaisesRegex(ValueError, "toy has no layer 'head'"):
      classifier.classifier(network, 3)

  def test_loss_equals_numpy(self):
    labels, logits = _labels_and_logits()
    shifted = logits.astype(np.float64)
    log_share = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    has_class = labels[..., 0] >= 0
    chosen = np.take_along_axis(log_share, np.maximum(labels, 0), -1)[..., 0]
    expected = -chosen[has_class].mean()
    loss = classifier.cross_entropy()
    self.assertAllClose(loss(labels, logits), expected, rtol=1e-5)

  def test_ignored_pixels_have_no_gradient(self):
    labels, logits = _labels_and_logits()
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
      tape.watch(logits)
      value = classifier.cross_entropy()(labels, logits)
    size = np.abs(tape.gradient(value, logits)).max(-1)
    self.assertAllEqual(size > 0, labels[..., 0] >= 0)

  def test_without_any_class_the_loss_is_0(self):
    _, logits = _labels_and_logits()
    nothing = np.full((2, 5, 6, 1), -1)
    self.assertAllEqual(classifier.cross_entropy()(nothing, logits), 0.0)

  def test_metrics_equal_numpy(self):
    labels, logits = _labels_and_logits()
    accuracy, mean_iou = classifier.metrics(4)
    for metric in (accuracy, mean_iou):
      for image in range(2):
        metric.update_state(labels[image : image + 1], logits[[image]])
    truth, guess = labels[..., 0], logits.argmax(-1)
    has_class = truth >= 0
    ious = []
    for number in range(3):
      one, other = (truth == number), (guess == number) & has_class
      ious.append((one & other).sum() / (one | other).sum())
    self.assertAllClose(
      accuracy.result(), (truth == guess)[has_class].mean(), rtol=1e-6
    )
    self.assertAllClose(mean_iou.result(), np.mean(ious), rtol=1e-6)

  def test_accuracy_counts_beyond_float32(self):
    accuracy, _ = classifier.metrics(2)
    accuracy.total_cm.assign(np.array([[2**40 + 1, 0], [2**40 - 1, 0]]))
    self.assertAllClose(accuracy.result(), 0.5 + 2**-41, rtol=1e-15)


if __name__ == '__main__':
  tf.test.main()
