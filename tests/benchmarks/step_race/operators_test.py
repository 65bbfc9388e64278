# SPDX-License-Identifier: Apache-2.0
import tensorflow as tf

from benchmarks.step_race import operators


class OperatorsTest(tf.test.TestCase):
  def test_operators_are_counted(self):
    x = tf.random.normal((4, 16, 16, 8))
    kernels = [tf.random.normal((3, 3, 8, 8)) for _ in range(3)]

    @tf.function
    def step():
      y = x
      for kernel in kernels:
        y = tf.nn.conv2d(y, kernel, 1, 'SAME')
      return tf.reduce_sum(y)

    step()
    found = operators.parts(operators.measure(step, steps=5))
    self.assertEqual(found['convolutions'].operators, 3)
    self.assertGreater(found['convolutions'].ms, 0)
    self.assertNotIn('BatchNorm and its gradients', found)

  def test_parts_are_sums_in_order(self):
    types = {
      'Conv2D': operators.Part(1, 2.0),
      '_MklNativeConv2D': operators.Part(2, 3.0),
      '_MklNativeConv2DBackpropFilter': operators.Part(1, 4.0),
      '_MklNativeDepthwiseConv2dNativeBackpropInput': operators.Part(1, 6.0),
      'Mul': operators.Part(7, 0.5),
      'Sub': operators.Part(7, 0.5),
    }
    self.assertEqual(
      list(operators.parts(types).items()),
      [
        ('depthwise convolutions and their gradients', (1, 6.0)),
        ('convolutions', (3, 5.0)),
        ('convolutions, gradient of kernels', (1, 4.0)),
        ('element by element: loss, decay, averages', (14, 1.0)),
      ],
    )


if __name__ == '__main__':
  tf.test.main()
