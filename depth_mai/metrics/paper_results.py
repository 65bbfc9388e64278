# SPDX-License-Identifier: Apache-2.0
"""Table 1 of the challenge's paper as data.

Ignatov, Malivenko, Timofte et al., "Efficient Single-Image Depth Estimation on
Mobile Devices, Mobile AI & AIM 2022 Challenge: Report", arXiv 2211.04470. The
errors were measured on the challenge's test images, which were never published;
the runtime was measured on a Raspberry Pi 4 with TensorFlow Lite 2.5.0.
"""

import dataclasses

from depth_mai.metrics import score


@dataclasses.dataclass(frozen=True)
class PaperRow:
  """One row of Table 1.

  Attributes:
    system: its name in this repository, see models/systems/.
    team: the team's name in the paper.
    size_mb: size of the .tflite file, MB.
    si_rmse: no unit.
    rmse: metres.
    log10: no unit.
    rel: no unit.
    runtime_ms: for one image, milliseconds.
    score: rounded, as printed.
  """

  system: str
  team: str
  size_mb: float
  si_rmse: float
  rmse: float
  log10: float
  rel: float
  runtime_ms: float
  score: int


# In the paper's order, which is not the order of the score for the last two.
# The starred row has the errors and the size of the winner of 2021.
_CELLS = (
  ('tcl', 'TCL', 2.9, 0.2773, 3.47, 0.1103, 0.2997, 46, 298),
  ('aiia_hit', 'AIIA HIT', 1.5, 0.311, 3.79, 0.1241, 0.3427, 37, 232),
  ('miaigo', 'MiAIgo', 1.0, 0.299, 3.89, 0.1349, 0.3807, 54, 188),
  ('tencent_gylab', 'Tencent GY-Lab')
  + (3.4, 0.303, 3.8, 0.1899, 0.3014, 68, 141),
  ('tencent_gylab_2021', 'Tencent GY-Lab*')
  + (3.4, 0.2836, 3.56, 0.1121, 0.269, 103, 122),
  ('smartlab', 'SmartLab', 7.1, 0.3296, 4.06, 0.1378, 0.3662, 65, 102),
  ('jmu_cvlab', 'JMU-CVLab', 3.5, 0.3498, 4.46, 0.1402, 0.3404, 139, 36),
  ('icl', 'ICL', 5.9, 0.338, 6.73, 0.3323, 0.507, 142, 42),
)
ROWS = {cells[0]: PaperRow(*cells) for cells in _CELLS}
SYSTEMS = tuple(ROWS)

# The precision of the submitted files, which the paper does not state. Inferred
# from the size column: AIIA HIT's released network has 1.53 MB in FP32; the
# truncated MobileNetV3-Large of both Tencent rows and of JMU-CVLab has 3.15 MB
# in FP32 without a decoder; a whole EfficientNet-B1 (SmartLab) reaches 7.1 MB
# with 8-bit weights only; a whole MobileNetV3-Large (ICL) has 5.6 MB in FP16.
# TCL and MiAIgo show no sign of quantisation.
_SUBMITTED_OTHERWISE = {'smartlab': 'dynamic', 'icl': 'fp16'}
SUBMITTED_PRECISION = {
  system: _SUBMITTED_OTHERWISE.get(system, 'fp32') for system in SYSTEMS
}


def score_ranks() -> dict[str, int]:
  """Returns the rank of each system by the paper's Score column, from 1."""
  ranks = score.average_ranks([-row.score for row in ROWS.values()])
  return {
    system: int(rank) for system, rank in zip(SYSTEMS, ranks, strict=True)
  }
