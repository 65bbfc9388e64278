# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/distillation.py."""

import hashlib
import pathlib
from unittest import mock

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.distillation import distillation as distillation_lib
from depth_mai.distillation import feature_l2
from depth_mai.lite import export
from depth_mai.losses import weighted
from depth_mai.runtime import graph
from depth_mai.training import step
from tests.distillation import tiny_networks
from tests.lite import small_network

_TERMS = (
  ('feature_l2', 2.0, 'mix_bn', 'up_2'),
  ('structure_similarity', 10.0, 'stem', 'up_1'),
  ('log_response', 0.5, 'depth_m', 'depth_m'),
)


def _values(variables):
  return [keras.ops.convert_to_numpy(v) for v in variables]


class DistillationTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    keras.utils.set_random_seed(1)
    self.path = pathlib.Path(self.get_temp_dir()) / 'teacher.keras'
    self.teacher = tiny_networks.teacher()
    self.teacher.save(self.path)
    self.student = tiny_networks.student()
    rng = np.random.default_rng(0)
    self.rgb = rng.uniform(0, 255, (2, 16, 24, 3)).astype(np.float32)
    self.teacher_rgb = rng.uniform(0, 255, (2, 32, 48, 3)).astype(np.float32)
    self.batch = {'rgb': self.rgb, 'teacher_rgb': self.teacher_rgb}
    self.valid = (rng.random((2, 8, 12, 1)) < 0.7).astype(np.float32)

  def _distillation(self, terms=_TERMS):
    return distillation_lib.Distillation(str(self.path), terms)

  def test_facts_about_the_teacher(self):
    distillation = self._distillation()
    variables = distillation.build(self.student)
    self.assertEqual(distillation.teacher_size, (32, 48))
    self.assertEqual(
      distillation.teacher_digest,
      hashlib.sha256(self.path.read_bytes()).hexdigest(),
    )
    # feature_l2 maps 6 channels to 8; the others compare what they get.
    self.assertEqual([v.shape for v in variables], [(1, 1, 6, 8), (8,)])

  def test_no_projection_between_equal_widths(self):
    terms = [('feature_l2', 1.0, 'depth_m', 'depth_m')]
    self.assertEmpty(self._distillation(terms).build(self.student))

  def test_one_pass_gives_prediction_and_features(self):
    distillation = self._distillation()
    distillation.build(self.student)
    before = _values(self.student.variables)
    prediction, maps = distillation.student_features(self.rgb, training=False)
    self.assertAllEqual(prediction, self.student(self.rgb, training=False))
    self.assertEqual(
      [x.shape for x in maps], [(2, 4, 6, 6), (2, 8, 12, 4), (2, 4, 6, 1)]
    )
    # In training, BatchNorm's statistics move once.
    distillation.student_features(self.rgb, training=True)
    moved = _values(self.student.variables)
    for variable, value in zip(self.student.variables, before, strict=True):
      variable.assign(value)
    self.student(self.rgb, training=True)
    for one, other in zip(moved, _values(self.student.variables), strict=True):
      self.assertAllEqual(one, other)

  def test_matches_numpy(self):
    distillation = self._distillation()
    kernel, bias = distillation.build(self.student)
    _, maps = distillation.student_features(self.rgb, training=False)
    teacher_maps = distillation.teacher_features(self.batch)
    total, values = distillation(maps, teacher_maps, self.valid)
    self.assertEqual(
      list(values),
      [
        'feature_l2_mix_bn',
        'structure_similarity_stem',
        'log_response_depth_m',
      ],
    )
    weighted = sum(
      weight * value
      for (_, weight, *_), value in zip(_TERMS, values.values(), strict=True)
    )
    self.assertAllClose(total, weighted)
    projected = np.asarray(maps[0]) @ kernel.numpy()[0, 0] + bias.numpy()
    # The map of the teacher's 'up_2' is 8x12; half of a map by bilinear
    # interpolation is the mean of 2x2 pixels.
    own_maps = keras.Model(
      self.teacher.input,
      [self.teacher.get_layer(name).output for name in ('up_2', 'depth_m')],
    )(self.teacher_rgb, training=False)
    halved = np.asarray(own_maps[0]).reshape(2, 4, 2, 6, 2, 8).mean((2, 4))
    self.assertAllClose(teacher_maps[0], halved, rtol=1e-4, atol=1e-5)
    self.assertAllClose(
      values['feature_l2_mix_bn'],
      np.mean((projected - halved) ** 2),
      rtol=1e-5,
    )
    # The pixel under the centre of a pixel of half the size is the second one.
    valid = self.valid[:, 1::2, 1::2] > 0
    quarter = np.asarray(own_maps[1]).reshape(2, 4, 4, 6, 4, 1)
    quarter = quarter[:, :, 1:3, :, 1:3].mean((2, 4))
    difference = np.log(np.asarray(maps[2])) - np.log(quarter)
    expected = [np.std(d[v]) for d, v in zip(difference, valid, strict=True)]
    self.assertAllClose(
      values['log_response_depth_m'], np.mean(expected), rtol=1e-4
    )

  def test_the_teacher_predicts_as_in_evaluation_and_never_changes(self):
    distillation = self._distillation()
    variables = [
      *self.student.trainable_variables,
      *distillation.build(self.student),
    ]
    before = _values(distillation.teacher_variables)
    # The seeds of dropout are no numbers that a gradient could reach.
    weights = [
      v for v in distillation.teacher_variables if v.dtype == 'float32'
    ]
    with tf.GradientTape() as tape:
      tape.watch([v.value for v in weights])
      teacher_maps = distillation.teacher_features(self.batch)
      _, maps = distillation.student_features(self.rgb, training=True)
      total, _ = distillation(maps, teacher_maps, self.valid)
    of_student, of_teacher = tape.gradient(
      total,
      [
        [v.value for v in variables],
        [v.value for v in weights],
      ],
    )
    self.assertAllEqual([g is None for g in of_teacher], [True] * len(weights))
    self.assertGreater(np.abs(of_student[0]).max(), 0)
    self.assertAllClose(
      teacher_maps[2],
      tf.image.resize(self.teacher(self.teacher_rgb, training=False), (4, 6)),
      rtol=1e-5,
    )
    after = _values(distillation.teacher_variables)
    for one, other in zip(before, after, strict=True):
      self.assertEqual(one.tobytes(), other.tobytes())

  def test_a_distilled_student_becomes_the_same_graph(self):
    student, average = (small_network.small_network() for _ in range(2))
    distillation = self._distillation(
      [
        ('feature_l2', 1.0, 'middle', 'up_1'),
        ('structure_similarity', 10.0, 'up', 'up_2'),
      ]
    )
    optimizer = keras.optimizers.SGD(0.01)
    with tf.distribute.get_strategy().scope():
      projection = distillation.build(student)
      optimizer.build(student.trainable_variables + projection)
    train_step = step.make_train_step(
      strategy=tf.distribute.get_strategy(),
      network=student,
      average=average,
      optimizer=optimizer,
      loss=weighted.WeightedLoss({'silog': 1.0}),
      gradient_clip=1.0,
      ema_decay=0.5,
      loss_variables=projection,
      distillation=distillation,
    )
    before = _values([*average.weights, *projection])
    batch = {
      'rgb': tf.ones((2, 32, 40, 3)) * [[[[10.0, 99.0, 200.0]]]],
      'teacher_rgb': self.teacher_rgb,
      'depth_m': tf.random.uniform((2, 8, 12, 1), 1.0, 5.0, seed=1),
      'valid_mask': self.valid,
    }
    train_step(batch)
    after = _values([*average.weights, *projection])
    self.assertFalse(any(map(np.array_equal, before, after)))
    folder = pathlib.Path(self.create_tempdir().full_path)
    average.save(folder / 'last.keras')
    graphs = []
    for network in (
      small_network.small_network(),
      keras.models.load_model(folder / 'last.keras'),
    ):
      options = export.ExportOptions(
        image_size=small_network.IMAGE_SIZE, precisions=('fp32',)
      )
      (file,) = export.export(network, folder / 'files', options)
      (subgraph,) = graph.read_graph(file.path).subgraphs
      graphs.append(
        [
          (operator.name, operator.version, [x.shape for x in operator.outputs])
          for operator in subgraph.operators
        ]
      )
    self.assertEqual(graphs[0], graphs[1])

  def test_functions_are_terms(self):
    def double(student, teacher, valid_mask):
      return 2.0 * feature_l2.feature_l2(student, teacher, valid_mask)

    terms = [(double, 1.0, 'depth_m', 'depth_m'), _TERMS[0]]
    distillation = self._distillation(terms)
    distillation.build(self.student)
    _, maps = distillation.student_features(self.rgb, training=False)
    teacher_maps = distillation.teacher_features(self.batch)
    _, values = distillation(maps, teacher_maps, self.valid)
    self.assertEqual(list(values), ['double_depth_m', 'feature_l2_mix_bn'])

  @parameterized.parameters(
    ([], 'at least one'),
    ([_TERMS[0], _TERMS[0]], 'each term once'),
    (
      [('structure_similarty', 1.0, 'a', 'b')],
      'known terms are feature_l2.*Did you mean structure_similarity',
    ),
    ([('feature_l2', 0.0, 'a', 'b')], 'must be a finite number above 0'),
    ([('feature_l2', float('nan'), 'a', 'b')], 'must be a finite number'),
  )
  def test_refuses(self, terms, message):
    with self.assertRaisesRegex(ValueError, message) as caught:
      self._distillation(terms)
    self.assertIn('Distillation.terms', str(caught.exception))

  def test_a_term_refuses_maps_before_the_first_step(self):
    distillation = self._distillation([('log_response', 1.0, 'mix', 'up_1')])
    with self.assertRaisesRegex(ValueError, 'maps of 6 and 8 channels'):
      distillation.build(self.student)

  @parameterized.parameters(
    ('', 'It is empty'),
    ('/proc/maps', '/proc: No file'),
    (f'{__file__}/maps', 'one of its folders is a file'),
  )
  def test_refuses_a_folder_that_cannot_be_written(self, folder, message):
    with self.assertRaisesRegex(
      ValueError, f"Distillation.cache_dir = '{folder}' .*{message}"
    ):
      distillation_lib.Distillation(str(self.path), _TERMS, folder)

  def test_a_tilde_is_the_home_folder(self):
    home = str(self.path.parent)
    with mock.patch.dict('os.environ', {'HOME': home}):
      distillation = distillation_lib.Distillation(
        '~/teacher.keras', _TERMS, '~/maps'
      )
    self.assertEqual(distillation.cache_dir, f'{home}/maps')
    distillation.build(self.student)

  def test_refuses_a_missing_layer_or_teacher(self):
    with self.assertRaisesRegex(ValueError, "the teacher, has no layer 'up_3'"):
      terms = [('feature_l2', 1.0, 'mix', 'up_3')]
      self._distillation(terms).build(self.student)
    self.path.unlink()
    with self.assertRaisesRegex(
      ValueError, 'Distillation.teacher: There is no network'
    ):
      self._distillation().build(self.student)
    with self.assertRaisesRegex(ValueError, r'call build\(student\) first'):
      self._distillation().teacher_size  # noqa: B018


if __name__ == '__main__':
  tf.test.main()
