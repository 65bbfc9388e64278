# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting and measuring with a sandboxed file."""

import pathlib
import time

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.evaluation import evaluation
from depth_mai.judging import fidelity
from depth_mai.judging import interface_check
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import request
from depth_mai.judging import verdict
from tests.judging import edited_model
from tests.judging import small_data
from tests.runtime import tiny_model


class FidelityTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = self.create_tempdir().full_path
    self.pairs = small_data.write(self.root, 3)
    launcher = self.enter_context(launcher_lib.Launcher())
    self.box = self.enter_context(
      launcher.launch(request.Limits(), time.monotonic() + 60)
    )

  def predictor(self, content, unit='mm'):
    self.box.take(content)
    reading = interface_check.read(self.box.load(), {})
    interface = reading.interface('0..255', unit)
    return fidelity.SandboxedPredictor(self.box, interface)

  def test_predicts(self):
    name, rgb_uint8, _ = self.pairs[0]
    want = 20.0 * rgb_uint8[..., 0] + 500.0
    for unit in ('mm', 'm'):
      predictor = self.predictor(edited_model.variant(unit=unit), unit)
      (got,) = predictor.predict_mm([name], [rgb_uint8])
      np.testing.assert_allclose(got, want, rtol=1e-5)
      self.assertEqual(predictor.warnings(), [])

  def test_other_sizes_are_resized(self):
    predictor = self.predictor(edited_model.variant())
    grey = np.full((50, 70, 3), 100, np.uint8)
    np.testing.assert_allclose(predictor.predict(grey), np.full((24, 32), 2500))

  def test_depth_that_is_not_finite(self):
    predictor = self.predictor(
      # Finite weights, whose products are not.
      tiny_model.float_model((24, 32), (3e38, 3e38, 3e38), 3e38)
    )
    with self.assertRaisesRegex(
      verdict.FileFaultError, 'picture 07 .* at 768 of 768'
    ):
      predictor.predict_mm(['07'], [self.pairs[0][1]])

  def test_warnings(self):
    predictor = self.predictor(tiny_model.float_model((24, 32), (0, 0, 0), -1))
    for name, rgb_uint8, _ in self.pairs:
      predictor.predict_mm([name], [rgb_uint8])
    negative, alike = predictor.warnings()
    self.assertIn('100.00%', negative)
    self.assertIn('same depth map', alike)

  def test_saves_pictures(self):
    predictor, observed = self.predictor(edited_model.variant()), []
    result = evaluation.evaluate(
      predictor,
      iter(self.pairs),
      observe=lambda *image: observed.append(image),
    )
    self.assertEqual(result['images'], 3)
    folder = pathlib.Path(self.root, 'pictures')
    saved = fidelity.save_pictures(folder, observed[::2], result['per_image'])
    self.assertEqual([one['id'] for one in saved], ['00', '02'])
    for one in saved:
      self.assertEqual(
        one['si_rmse'], result['per_image'][one['id']]['si_rmse']
      )
      with Image.open(folder / one['file']) as picture:
        self.assertEqual(picture.mode, 'RGB')


if __name__ == '__main__':
  absltest.main()
