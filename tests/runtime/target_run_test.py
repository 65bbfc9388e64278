# SPDX-License-Identifier: Apache-2.0
import importlib
import json

from absl.testing import absltest

from depth_mai.runtime import target_run


class TargetRunTest(absltest.TestCase):
  def test_sentences(self):
    ran = target_run.TargetRun('2.5.0', True)
    self.assertEqual(ran.sentence(), 'TFLite 2.5.0 itself loaded and ran it.')
    ran = target_run.TargetRun('2.5.0', True, relative_difference=2.5e-6)
    self.assertEndsWith(ran.sentence(), 'at most 2.5e-06 of the largest.')
    loaded = target_run.TargetRun('2.5.0', False, only_loaded=True)
    self.assertEqual(loaded.sentence(), 'TFLite 2.5.0 itself loaded it.')
    refused = target_run.TargetRun('2.5.0', False, words='Unknown op.')
    self.assertEqual(
      refused.sentence(), 'TFLite 2.5.0 itself refuses it: Unknown op.'
    )
    record = json.loads(json.dumps(refused.record()))
    self.assertEqual((record['ran'], record['words']), (False, 'Unknown op.'))
    self.assertEqual(record['text'], refused.sentence())

  def test_only_the_release_of_the_challenge_can_be_set_up(self):
    self.assertNotIn('sets it up', target_run.not_run('2.9.0'))
    text = target_run.not_run('2.5.0')
    module = text.partition('python -m ')[2].partition('"')[0]
    self.assertTrue(hasattr(importlib.import_module(module), 'set_up'))


if __name__ == '__main__':
  absltest.main()
