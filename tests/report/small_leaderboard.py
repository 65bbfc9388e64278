# SPDX-License-Identifier: Apache-2.0
"""A leaderboard with Table 1 of the paper and invented figures next to it."""

# system, team, rank by score, then the columns of Table 1: MB, si-RMSE, RMSE,
# LOG10, REL, runtime in ms, score.
TABLE_1 = (
  ('tcl', 'TCL', 1, 2.9, 0.2773, 3.47, 0.1103, 0.2997, 46.0, 298),
  ('aiia_hit', 'AIIA HIT', 2, 1.5, 0.311, 3.79, 0.1241, 0.3427, 37.0, 232),
  ('miaigo', 'MiAIgo', 3, 1.0, 0.299, 3.89, 0.1349, 0.3807, 54.0, 188),
  ('gylab', 'Tencent GY-Lab', 4, 3.4, 0.303, 3.8, 0.1899, 0.3014, 68.0, 141),
  (
    'gylab21',
    'Tencent GY-Lab*',
    5,
    3.4,
    0.2836,
    3.56,
    0.1121,
    0.269,
    103.0,
    122,
  ),
  ('smartlab', 'SmartLab', 6, 7.1, 0.3296, 4.06, 0.1378, 0.3662, 65.0, 102),
  ('icl', 'ICL', 7, 5.9, 0.338, 6.73, 0.3323, 0.507, 142.0, 42),
  ('jmu_cvlab', 'JMU-CVLab', 8, 3.5, 0.3498, 4.46, 0.1402, 0.3404, 139.0, 36),
)
_REPORT_KEYS = (
  'rank',
  'size_mb',
  'si_rmse',
  'rmse',
  'log10',
  'rel',
  'runtime_ms',
  'score',
)


def leaderboard() -> dict:
  """Returns eight rows in the reverse order of Table 1."""
  rows = []
  for number, (system, team, *figures) in enumerate(reversed(TABLE_1)):
    rows.append(
      {
        'rank': number + 1,
        'system': system,
        'team': team,
        'precision': 'fp32',
        'submitted_precision': None,
        'file': f'{system}_fp32.tflite',
        'parameters': 100_000 * (number + 1),
        'macs': 10_000_000 * (number + 1),
        'size_mb': 0.4 * (number + 1),
        'size_difference_percent': -1.5,
        'report': dict(zip(_REPORT_KEYS, figures, strict=True)),
        'runtime_ms': 4.0 + number,
        'runtime_ms_no_xnnpack': 9.0 + number,
        'partitions': 1,
        'si_rmse': 0.2 + 0.01 * number,
        'rmse': 1.1 + 0.1 * number,
        'log10': 0.1 + 0.01 * number,
        'rel': 0.3 + 0.01 * number,
        'score': 10_000.0 / (number + 1),
      }
    )
  return {
    'format': 'depth_mai.leaderboard/1',
    'title': 'Leaderboard on validation of rooms',
    'created': '2026-03-01T12:05:00+00:00',
    'device': {'kind': 'local', 'name': 'Testing board', 'threads': 4},
    'data': {'data_dir_name': 'rooms', 'split': 'validation', 'images': 40},
    'score_constant': 640000.0,
    'rows': rows,
    'precisions': [
      {
        'system': row['system'],
        'files': {
          'fp32': {'size_mb': 3.0, 'si_rmse': 0.25, 'si_rmse_change': 0.0},
          'int8': {'size_mb': 0.9, 'si_rmse': 0.26, 'si_rmse_change': 0.04},
        },
      }
      for row in rows
    ],
    'spearman': {
      'si_rmse': {'rho': -0.95, 'systems': 8},
      'score': {'rho': 0.905, 'systems': 8},
      'macs': {'rho': None, 'systems': 2},
    },
    'missing': [],
    'problems': [],
    'notes': [],
  }
