# SPDX-License-Identifier: Apache-2.0
"""Tests of judging files with any interface, and of 300 hostile files."""

import collections
import json
import os
import pathlib
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.data import source
from depth_mai.devices import settings
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import old_runtime
from depth_mai.judging import request
from depth_mai.judging import stages
from depth_mai.runtime import target_run
from tests.devices.tflite_2_5 import old_tflite
from tests.judging import edited_model
from tests.judging import hostile_files
from tests.judging import hostile_graphs
from tests.judging import small_data
from tests.lite import hand_made
from tests.runtime import foreign_model
from tests.runtime import tiny_model

_METRICS = ('si_rmse', 'rmse', 'log10', 'rel')
_LIMITS = request.Limits(memory_mb=256, load_s=3, image_s=1, time_s=10)


class JudgeTest(parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.launcher = launcher_lib.Launcher()

  @classmethod
  def tearDownClass(cls):
    cls.launcher.close()
    super().tearDownClass()

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.pairs = small_data.write(self.root, 3)
    self.heard = []

  def judge(self, content, **arguments):
    path = self.root / 'team.tflite'
    path.write_bytes(content)
    arguments = {
      'limits': _LIMITS,
      'settings': settings.Settings((1,), 1, 2),
      **arguments,
    }
    return stages.judge(
      request.JudgeRequest(path, self.root, **arguments),
      lambda *event: self.heard.append(event),
      self.launcher,
    )

  def test_errors_are_those_of_evaluate(self):
    content = edited_model.variant()
    verdict = self.judge(content)
    self.assertEqual(verdict.errors, [])
    want = evaluation.evaluate(
      file_predictors.TflitePredictor(
        self.root / 'team.tflite',
        open_pairs=lambda: [pair[1:] for pair in self.pairs],
      ),
      source.evaluation_pairs(self.root, 'validation'),
    )
    del want['per_image']
    self.assertEqual(verdict.metrics, want)

  def test_errors_are_those_of_the_definition(self):
    answer = self.judge(edited_model.variant()).to_json()
    errors = []
    for _, rgb_uint8, depth_mm in self.pairs:
      known = depth_mm > 0
      p = 500 + 20.0 * rgb_uint8[..., 0][known]
      d = depth_mm[known].astype(np.float64)
      errors.append(
        (
          np.std(np.log(p / d)),
          np.mean((p - d) ** 2) ** 0.5 / 1e3,
          np.mean(np.abs(np.log10(p / d))),
          np.mean(np.abs(p - d) / d),
        )
      )
    np.testing.assert_allclose(
      [answer[name] for name in _METRICS], np.mean(errors, axis=0), rtol=1e-5
    )
    self.assertEqual(answer['verdict'], 'accepted')
    # The formula of the paper.
    score = 640000 * 2 ** (-20 * answer['si_rmse']) / answer['runtime_ms']
    self.assertAlmostEqual(answer['score'], score, delta=1e-6 * score)
    self.assertBetween(answer['rank'], 1, 9)

  @parameterized.named_parameters(
    ('nchw', {'layout': 'nchw'}, False),
    ('metres', {'unit': 'm'}, True),
    ('zero_to_one', {'input_range': '0..1'}, True),
    ('minus_one_to_one', {'input_range': '-1..1'}, True),
    ('bytes', {'input_type': 'uint8'}, True),
    ('bytes_0_1', {'input_type': 'uint8', 'input_range': '0..1'}, True),
    (
      'all',
      {
        'layout': 'nchw',
        'unit': 'm',
        'input_range': '0..1',
        'input_type': 'uint8',
      },
      True,
    ),
  )
  def test_the_interface_does_not_matter(self, variant, with_truth):
    plain = self.judge(edited_model.variant()).metrics
    verdict = self.judge(edited_model.variant(**variant))
    self.assertEqual(verdict.errors, [])
    for name in _METRICS:
      self.assertAlmostEqual(
        verdict.metrics[name] / plain[name], 1, delta=1e-4, msg=name
      )
    for what in ('layout', 'input_range', 'unit'):
      found = verdict.interface[what]
      default = {'layout': 'nhwc', 'input_range': '0..255', 'unit': 'mm'}
      self.assertEqual(found['value'], variant.get(what, default[what]))
    said = [one for one in verdict.warnings if 'true depth' in one]
    self.assertTrue(with_truth <= bool(said))

  def test_declarations_need_no_trial(self):
    verdict = self.judge(
      edited_model.variant('nchw', '0..1', 'm'),
      layout='nchw',
      input_range='0..1',
      unit='m',
    )
    for what in ('layout', 'input_range', 'unit'):
      self.assertIn('declared by --', verdict.interface[what]['why'])
    self.assertFalse([one for one in verdict.warnings if 'true depth' in one])
    # A wrong declaration is not corrected.
    wrong = self.judge(edited_model.variant(), unit='m')
    self.assertGreater(wrong.metrics['rmse'], 1000)

  def test_metadata_count_as_declaration(self):
    verdict = self.judge(
      tiny_model.float_model(
        (24, 32),
        (0.02, 0.0, 0.0),
        0.5,
        metadata={'output_unit': 'm', 'input': {'range': [0, 255]}},
      )
    )
    self.assertIn('metadata', verdict.interface['unit']['why'])
    self.assertIn('metadata', verdict.interface['input_range']['why'])
    self.assertEqual(verdict.interface['unit']['value'], 'm')

  def test_invalid_unit_in_the_metadata_is_ignored(self):
    # The same form as a valid range.
    content = tiny_model.float_model((24, 32), metadata={'output_unit': [0, 1]})
    self.assertTrue(self.judge(content).accepted)

  @parameterized.named_parameters(
    ('open_size', {'shape': (-1, -1, -1, 3)}, {'input_size': '32x24'}),
    ('open_batch', {'shape': (-1, 24, 32, 3)}, {}),
    ('flat', {'flat': True}, {}),
    ('output', {'half': 'half'}, {'output_tensor': 'depth'}),
    ('float16', {'dtype': 'float16'}, {}),
    ('bytes', {'dtype': 'uint8'}, {}),
  )
  def test_what_other_programs_take(self, file, flags):
    file = {'shape': (1, 24, 32, 3), 'factor': 20.0, 'offset': 500.0, **file}
    verdict = self.judge(foreign_model.mean(**file), **flags)
    self.assertEqual(verdict.errors, [])
    errors = []
    for _, rgb_uint8, depth_mm in self.pairs:
      known = depth_mm > 0
      predicted = 500 + 20 * rgb_uint8[known].mean(axis=-1)
      errors.append(np.std(np.log(predicted / depth_mm[known])))
    self.assertAlmostEqual(verdict.metrics['si_rmse'], np.mean(errors), 3)

  def test_an_open_size_is_said(self):
    content = foreign_model.mean((1, -1, -1, 3), 20.0, 500.0)
    verdict = self.judge(content, limit=1)
    self.assertIn('[1, 480, 640, 3]', verdict.interface['input']['value'])
    self.assertIn('--input_size', verdict.interface['input']['why'])

  def test_several_depth_maps_are_listed(self):
    verdict = self.judge(foreign_model.mean((1, 24, 32, 3), half='depth_half'))
    (error,) = verdict.errors
    self.assertRegex(
      error, "^It has 2 outputs.*--output_tensor: 0 'depth'.*1 'depth_half'"
    )
    named = self.judge(foreign_model.mean((1, 24, 32, 3), half='half'))
    self.assertIn('called depth', named.interface['output']['why'])

  def test_inverse_depth_is_named(self):
    content = foreign_model.mean((1, 24, 32, 3), 1e6, 100.0, inverse=True)
    (error,) = self.judge(content).errors
    self.assertRegex(error, '^This looks like inverse depth .* not detected')
    stated = self.judge(content, unit='mm', input_range='0..255')
    self.assertTrue(stated.accepted)
    self.assertIn('inverse depth', ' '.join(stated.warnings))

  def test_a_flag_against_the_metadata_is_said(self):
    content = tiny_model.float_model((24, 32), (20.0, 0.0, 0.0), 500.0)
    verdict = self.judge(content, unit='m')
    self.assertEqual(verdict.interface['unit']['value'], 'm')
    self.assertIn('contradicts mm', ' '.join(verdict.warnings))

  @parameterized.named_parameters(
    ('flex', hand_made.model(('CUSTOM', 1, ('FLOAT32',)), custom='FlexErf'))
    + ('CUSTOM:FlexErf',),
    ('new', hand_made.model(('GELU', 1, ('FLOAT32',))), 'needs TFLite 2.9.0'),
    ('endless', hostile_graphs.endless_loop(), 'more than 1 s (--image_s)'),
    (
      'two_channels',
      tiny_model.float_model((24, 32), outputs=2),
      'one channel',
    ),
    ('nan', tiny_model.float_model((24, 32), bias=np.nan), 'not finite'),
    ('empty', b'', 'is not a .tflite model'),
  )
  def test_rejects(self, content, message):
    verdict = self.judge(content)
    self.assertFalse(verdict.accepted)
    self.assertIn(message, ' '.join(verdict.errors))
    answer = verdict.to_json()
    self.assertEqual(answer['verdict'], 'rejected')
    self.assertIsNone(answer['score'])
    json.dumps(answer, allow_nan=False)
    self.assertIn('REJECTED', verdict.to_text())

  def test_an_older_runtime_rejects_more(self):
    content = tiny_model.float_model((24, 32), version=3)
    self.assertTrue(self.judge(content).accepted)
    verdict = self.judge(content, target_runtime='1.9.0')
    self.assertIn('CONV_2D version 3', verdict.errors[0])
    self.assertIn('needs TFLite 1.14.0', verdict.errors[0])

  def test_the_target_runtime_itself(self):
    old_tflite.open_or_skip(self)
    verdict = self.judge(tiny_model.float_model((24, 32), (20.0, 1.0, 1.0)))
    self.assertTrue(verdict.accepted)
    run = verdict.operators['target_run']
    self.assertTrue(run['ran'])
    self.assertLess(run['relative_difference'], 1e-6)
    self.assertIn('TFLite 2.5.0 itself loaded and ran it', verdict.to_text())
    # Both refuse GELU, each in its own words.
    verdict = self.judge(hand_made.model(('GELU', 1, ('FLOAT32',))))
    self.assertIn('GELU version 1', verdict.errors[0])
    self.assertIn(
      'Op builtin_code out of range', verdict.operators['target_run']['words']
    )
    self.assertIn('itself refuses it', verdict.to_text())
    # Other releases are not set up.
    content = tiny_model.float_model((24, 32))
    verdict = self.judge(content, target_runtime='2.9.0')
    self.assertIsNone(verdict.operators['target_run'])

  def test_a_file_that_only_the_target_runtime_refuses(self):
    old_tflite.open_or_skip(self)
    run = target_run.TargetRun('2.5.0', False, words='It has no such kernel.')
    with mock.patch.object(old_runtime, 'run', return_value=run):
      verdict = self.judge(edited_model.variant())
    self.assertFalse(verdict.accepted)
    self.assertEqual(
      verdict.errors, ['TFLite 2.5.0 itself refuses it: It has no such kernel.']
    )
    self.assertIsNone(verdict.metrics)

  def test_texts_are_printable(self):
    rude = '\x1b[2J\x1b]0;owned\x07\u202e\udcff\n'
    folder = self.root / 'rude'
    folder.mkdir()
    path = folder / f'{rude}.tflite'
    model = edited_model.open_model()
    for tensor in model.subgraphs[0].tensors:
      tensor.name = rude.replace('\udcff', '')
    model.operatorCodes[0].builtinCode = 32
    model.operatorCodes[0].customCode = rude.replace('\udcff', '')
    path.write_bytes(edited_model.packed(model))
    verdict = stages.judge(
      request.JudgeRequest(path, self.root, limits=_LIMITS),
      lambda *_: None,
      self.launcher,
    )
    self.assertFalse(verdict.accepted)
    for line in verdict.to_text().splitlines():
      self.assertTrue(line.isprintable(), line)
    written = json.dumps(verdict.to_json(), ensure_ascii=False)
    self.assertTrue(written.isprintable())
    written.encode()
    shown = r'\x1b[2J\x1b]0;owned\x07\u202e'
    self.assertEqual(verdict.file['name'], rf'{shown}\xff\n.tflite')
    self.assertIn(rf'CUSTOM:{shown}\n', verdict.errors[0])

  def test_warnings(self):
    content = tiny_model.float_model((24, 32), (0.0, 0.0, 0.0), -5.0)
    said = ' '.join(self.judge(content, unit='mm').warnings)
    self.assertIn('100.00% of its depths are 0 or negative', said)
    self.assertIn('same depth map for every picture', said)
    self.assertIn('not 640 x 480 as in the challenge', said)

  def test_pictures_and_progress(self):
    folder = self.root / 'pictures'
    verdict = self.judge(
      edited_model.variant(), pictures_dir=folder, pictures=2
    )
    self.assertLen(verdict.pictures, 2)
    for one in verdict.pictures:
      with Image.open(folder / one['file']) as picture:
        self.assertGreater(picture.width, 3 * 32)
      self.assertGreater(one['si_rmse'], 0)
    reported = list(dict.fromkeys(stage for stage, _, _ in self.heard))
    self.assertEqual(reported, list(stages.STAGES))
    self.assertTrue(all(0 <= part <= 1 for _, part, _ in self.heard))
    texts = [text for stage, _, text in self.heard if stage == 'fidelity']
    self.assertEqual(
      texts[1:-1], [f'{done} of 3 pictures' for done in (1, 2, 3)]
    )
    self.assertEqual(list(verdict.seconds), list(stages.STAGES))

  def test_limit(self):
    self.assertEqual(
      self.judge(edited_model.variant(), limit=2).data['images'], 2
    )

  def test_file_that_is_too_large(self):
    limits = request.Limits(file_mb=0.001)
    verdict = self.judge(bytes(5000), limits=limits)
    self.assertIn('5,000 bytes', verdict.errors[0])
    self.assertIsNone(verdict.file['sha256'])

  def test_errors_that_are_not_the_fault_of_the_file(self):
    path = self.root / 'm.tflite'
    path.write_bytes(edited_model.variant())
    os.mkfifo(self.root / 'pipe')
    for model, data, arguments, message in (
      (path, self.root / 'nowhere', {}, 'nowhere'),
      (path, self.root, {'split': 'test'}, "no split 'test'"),
      (path, self.root, {'device': 'moon'}, '--device=moon'),
      (self.root / 'none.tflite', self.root, {}, 'cannot be read'),
      (self.root / 'pipe', self.root, {}, 'a pipe, not a file'),
      (self.root, self.root, {}, 'Is a directory'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        stages.judge(
          request.JudgeRequest(model, data, **arguments), print, self.launcher
        )

  def test_hostile_files(self):
    files = dict(hostile_files.all_files())
    self.assertGreaterEqual(len(set(files.values())), 300)
    verdicts, slowest, errors = collections.Counter(), 0.0, ''
    for name, content in files.items():
      start = time.monotonic()
      with self.subTest(name=name):
        verdict = self.judge(content, limit=2)
        json.dumps(verdict.to_json(), allow_nan=False)
        self.assertTrue(verdict.accepted or verdict.errors[0])
        verdicts[verdict.accepted] += 1
        errors += '\n'.join(verdict.errors)
      slowest = max(slowest, time.monotonic() - start)
    self.assertLess(slowest, _LIMITS.time_s + 3)
    self.assertEqual(verdicts.total(), len(files))
    # A flipped bit in a weight is harmless; nearly all other edits are not.
    self.assertGreater(verdicts[False], 0.7 * len(files))
    for end in (
      'crashed the runtime',
      'more than 1 s (--image_s) and was stopped while predicting',
      '256 MB of memory',
      'repeats itself',
      'cannot be loaded',
      'cannot run it',
      'not finite',
    ):
      self.assertTrue(end in errors, end)
    # The judge still works.
    self.assertTrue(self.judge(edited_model.variant()).accepted)


if __name__ == '__main__':
  absltest.main()
