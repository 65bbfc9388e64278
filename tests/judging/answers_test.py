# SPDX-License-Identifier: Apache-2.0
"""Tests with the answers of an honest worker, and of one that lies."""

import copy
import json
import math
import os
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices import settings
from depth_mai.devices.tflite_2_5 import installation
from depth_mai.judging import answers
from depth_mai.judging import channel
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import request
from depth_mai.judging import stages
from depth_mai.judging import worker
from tests.judging import edited_model
from tests.judging import lying_server
from tests.judging import small_data

_RUDE = '\x1b[2J\u202e\ud800\n<script>'
# What JSON can hold, and a reader may not expect.
_JUNK = (
  None,
  True,
  False,
  0,
  -1,
  1 << 70,
  10**400,
  1.5,
  -0.0,
  1e308,
  '',
  _RUDE,
  'x' * 5000,
  [],
  [[[[]]]],
  [0] * 1000,
  {},
  {'a': {'b': []}},
  {_RUDE: _RUDE},
)


def _honest() -> dict[str, dict]:
  """Returns the answers of a worker to each request."""
  one = worker._Worker(1)
  found = {'hello': {'protection': {'memory limit': 'in force'}}}
  found['take'], _ = one.take(bytearray(edited_model.variant()))
  found['check'], _ = one.check(bytearray(), '2.5.0')
  found['load'], _ = one.load(bytearray(), True)
  found['run'], _ = one.run(bytearray(4 * 24 * 32 * 3))
  found['time'], _ = one.time(bytearray(), 1, 2)
  return found


_HONEST = _honest()


def _places(value, path=()):
  """Yields the path of each value in a JSON value."""
  yield path
  if isinstance(value, (dict, list)):
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
      yield from _places(value[key], (*path, key))


def _damaged(answer: dict, rng: np.random.Generator) -> dict:
  """Returns an answer with one to three changes."""
  answer = copy.deepcopy(answer)
  for _ in range(rng.integers(1, 4)):
    places = [path for path in _places(answer) if path]
    junk = copy.deepcopy(_JUNK[rng.integers(len(_JUNK))])
    change = rng.integers(3)
    if not places or change == 0:
      answer[['error', 'more', _RUDE][rng.integers(3)]] = junk
      continue
    *path, last = places[rng.integers(len(places))]
    holder = answer
    for key in path:
      holder = holder[key]
    if change == 1:
      del holder[last]
    else:
      holder[last] = junk
  return answer


def _texts(value):
  if isinstance(value, str):
    yield value
  elif isinstance(value, (list, dict)):
    for key in value:
      yield from _texts(key)
      if isinstance(value, dict):
        yield from _texts(value[key])


class CheckedTest(parameterized.TestCase):
  @parameterized.parameters(*_HONEST)
  def test_honest_answers_pass_unchanged(self, asked):
    blob = bytes(8) if asked in ('run', 'time') else b''
    self.assertEqual(
      answers.checked(asked, _HONEST[asked], blob), _HONEST[asked]
    )

  def test_every_request_is_declared(self):
    requests = {name for name in dir(worker._Worker) if name[0] != '_'}
    self.assertEqual(set(answers.ANSWERS), requests | {'hello'})

  @parameterized.parameters(*_HONEST)
  def test_damaged_answers_are_refused_or_harmless(self, asked):
    refused = 0
    for seed in range(300):
      rng = np.random.default_rng([seed, len(asked)])
      with self.subTest(seed=seed):
        try:
          got = answers.checked(asked, _damaged(_HONEST[asked], rng), b'')
        except channel.MalformedError as error:
          self.assertTrue(str(error).isprintable())
          refused += 1
          continue
        if 'error' not in got:
          self.assertContainsSubset(got, _HONEST[asked])
        json.dumps(got, allow_nan=False, ensure_ascii=False).encode()
        for text in _texts(got):
          self.assertTrue(text.isprintable())
    self.assertGreater(refused, 100)

  @parameterized.parameters(
    ('check', {}, 'keys target_runtime'),
    ('take', {'a': 1}, 'an empty object'),
    ('hello', {'error': 'x'}, 'keys protection'),
    ('run', {'shape': [1.0]}, 'an entry of shape is not a whole number'),
    ('run', {'shape': [True]}, 'whole number'),
    ('run', {'shape': [1 << 31]}, 'whole number'),
    ('time', {'partitions': -1, 'operators': None}, 'partitions is not'),
    ('load', {'error': 5}, 'error is not a text'),
    ('load', {'error': 'x', 'inputs': []}, 'keys error'),
  )
  def test_refuses(self, asked, answer, message):
    with self.assertRaisesRegex(channel.MalformedError, message):
      answers.checked(asked, answer, b'')

  def test_refuses_bytes_that_nobody_asked_for(self):
    for asked, answer in (('take', {}), ('run', {'error': 'x'})):
      with self.assertRaisesRegex(channel.MalformedError, 'further bytes'):
        answers.checked(asked, answer, b'1')

  def test_numbers_are_finite(self):
    check = answers.number(0, 10)
    self.assertEqual((check(1, 'x'), type(check(1, 'x'))), (1.0, float))
    for wrong in (math.nan, math.inf, 10**400, -1, 11, True, '1', None):
      with self.assertRaises(channel.MalformedError):
        check(wrong, 'x')


class LyingWorkerTest(parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    with mock.patch.object(
      launcher_lib.fork_server, '__name__', lying_server.__name__
    ):
      cls.launcher = launcher_lib.Launcher()

  @classmethod
  def tearDownClass(cls):
    cls.launcher.close()
    super().tearDownClass()

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_data.write(self.root, 2)
    # Where TFLite 2.5.0 is set up, it would refuse what is no network.
    nowhere = {installation.FOLDER.variable: str(self.root / 'nowhere')}
    self.enter_context(mock.patch.dict(os.environ, nowhere))

  def judge(self, lies, blobs=None, **changes):
    """Returns the verdict on a file whose worker lies."""
    path = self.root / 'liar.tflite'
    path.write_bytes(lying_server.file(lies, blobs))
    verdict = stages.judge(
      request.JudgeRequest(
        path,
        self.root,
        limits=request.Limits(memory_mb=256, load_s=5, image_s=2, time_s=10),
        settings=settings.Settings((1,), 1, 2),
        **changes,
      ),
      lambda *_: None,
      self.launcher,
    )
    answer = verdict.to_json()
    self.assertEqual(
      answer['verdict'], 'rejected' if verdict.errors else 'accepted'
    )
    json.dumps(answer, allow_nan=False, ensure_ascii=False).encode()
    for line in verdict.to_text().splitlines():
      self.assertTrue(line.isprintable(), line)
    return verdict

  def test_honest(self):
    self.assertEqual(self.judge({}).errors, [])

  @parameterized.product(
    asked=('take', 'check', 'load', 'run', 'time'),
    text=(
      '',
      '{}x',
      '[]',
      '{"a": 1}',
      '{"a":' * 5000 + '1' + '}' * 5000,
      '{"error": 7}',
      '"\\ud800"',
      '{"\ud800": 1}',
    ),
  )
  def test_invalid_answers_reject_the_file(self, asked, text):
    (error,) = self.judge({asked: text}).errors
    self.assertRegex(error, r'Its process sent an invalid answer: .+ stopped\.')

  def test_errors_are_shown_safely(self):
    (error,) = self.judge({'load': json.dumps({'error': _RUDE})}).errors
    self.assertEqual(error, r'\x1b[2J\u202e\ud800\n<script>')
    (error,) = self.judge({'load': '{"error": ""}'}).errors
    self.assertIn('its process says no more', error)

  @parameterized.parameters(
    (np.array([np.nan, 1.0]), 'invalid times'),
    (np.array([5e-324, 1.0]), 'invalid times'),
    (np.array([1e300, 1.0]), 'invalid times'),
    (np.array([1.0]), 'too few times'),
  )
  def test_times(self, times_ms, message):
    (error,) = self.judge({}, {'time': times_ms.astype('<f8').tobytes()}).errors
    self.assertIn(message, error)

  @parameterized.product(
    depth=(3e38, 1e30, 1e-45, -3e38, np.nan, np.inf), unit=('auto', 'm')
  )
  def test_depths(self, depth, unit):
    depths = np.full((24, 32), depth, '<f4')
    depths[:12] = 1000.0
    self.judge(
      {},
      {'run': depths.tobytes()},
      unit=unit,
      pictures_dir=self.root / 'pictures',
    )

  def test_random_lies(self):
    kinds = [asked for asked in _HONEST if asked != 'hello']
    rejected = 0
    for seed in range(40):
      rng = np.random.default_rng(seed)
      asked = kinds[seed % len(kinds)]
      lie = json.dumps(_damaged(_HONEST[asked], rng))
      with self.subTest(seed=seed, asked=asked):
        rejected += bool(self.judge({asked: lie}).errors)
    self.assertGreater(rejected, 20)


if __name__ == '__main__':
  absltest.main()
