# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/labelling/teachers.py."""

import hashlib
import pathlib

import keras
import numpy as np
import tensorflow as tf

from depth_mai.labelling import teachers as teachers_lib
from tests.labelling import photographs


class TeachersTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def test_a_keras_file_sees_pictures_as_in_training(self):
    path = self.root / 'best.keras'
    image = keras.Input((160, 160, 3))
    depth = keras.layers.Conv2D(
      1, 1, kernel_initializer=keras.initializers.Constant(0.01)
    )(image)
    keras.Model(image, depth).save(path)
    teacher = teachers_lib.open_teacher(str(path))
    self.assertEqual(
      teacher.sha256, hashlib.sha256(path.read_bytes()).hexdigest()
    )
    # Rows 1, 4, 7, ... are the centres of three rows each.
    rgb_uint8 = np.zeros((480, 640, 3), np.uint8)
    rgb_uint8[1::3] = 200
    pictures = [teachers_lib.shown([teacher], rgb_uint8)]
    ((depth_mm,),) = teachers_lib.opinions_mm(
      [teacher], [''], pictures, flip=False
    )
    # Averages of three rows, as antialiasing makes, would give 2000.
    self.assertAllClose(depth_mm, np.full((480, 640), 6000), rtol=1e-4)

  def test_several_teachers_and_mirror_images(self):
    names = ('one', 'two')
    teachers = [
      teachers_lib.open_teacher(
        photographs.save_teacher(
          self.root / f'{name}.tflite', bias=bias, size=size
        )
      )
      for name, bias, size in zip(
        names, (1, 2), ((24, 32), (6, 8)), strict=True
      )
    ]
    rgb = photographs.save_ramp(self.root / 'a.png')
    shown = teachers_lib.shown(teachers, rgb)
    self.assertEqual([x.shape for x in shown], [(24, 32, 3), (6, 8, 3)])
    ((a, mirrored_a, b, mirrored_b),) = teachers_lib.opinions_mm(
      teachers, ['a'], [shown], flip=True
    )
    # A pixel's depth follows from its colour alone, mirrored or not.
    self.assertAllClose(a, 1000 + rgb[..., 0] / 0.051, rtol=1e-5)
    self.assertAllClose(mirrored_a, a)
    self.assertAllClose(b, 2000 + shown[1][..., 0] / 0.051, rtol=1e-5)
    self.assertAllClose(mirrored_b, b)

  def test_the_mirror_image_is_another_opinion(self):
    class Position:
      batch_size, input_size = 1, (2, 4)

      def predict_mm(self, names, rgb_uint8):
        del names
        return [np.arange(4.0) + np.zeros(x.shape[:2]) for x in rgb_uint8]

    teacher = teachers_lib.Teacher('', '', Position())
    picture = [np.zeros((2, 4, 3), np.uint8)]
    found = teachers_lib.opinions_mm([teacher], ['a'], [picture], flip=True)
    self.assertAllEqual(found[0][0][0], [0, 1, 2, 3])
    self.assertAllEqual(found[0][1][0], [3, 2, 1, 0])

  def test_ready_names_and_bad_files(self):
    teacher = teachers_lib.open_teacher('tcl')
    self.assertEqual(teacher.name, 'tcl')
    self.assertEmpty(teachers_lib.notes(teacher))
    with self.assertRaisesRegex(ValueError, 'must end with .keras or .tflite'):
      teachers_lib.open_teacher(str(self.root / 'x.h5'))
    with self.assertRaisesRegex(ValueError, 'There is no network .*no.keras'):
      teachers_lib.open_teacher(str(self.root / 'no.keras'))


if __name__ == '__main__':
  tf.test.main()
