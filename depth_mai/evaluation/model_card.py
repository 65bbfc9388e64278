# SPDX-License-Identifier: Apache-2.0
"""The README.md beside ready weights: what they are, and what they are not."""

from collections.abc import Mapping
from typing import Any

_CARD = """\
# {system}: ready weights

Depth in metres from one RGB picture, by the network of
`depth_mai/models/systems/{system}.py`.

```bash
python -m depth_mai.predict --model={system} photo.jpg --output_dir=depth
```

| file | bytes | is |
|---|---|---|
| `{tflite}` | {tflite_bytes:,} | {precision}; depth in {unit} |
| `{weights}` | {weights_bytes:,} | to go on training; kernels in 8 bits |

To go on training:

```bash
python -m depth_mai.train --gin_file=gin_configs/{system}.gin \\
  --gin_param="train.initial_network = '{system}'" \\
  --data_dir=DATA --workdir=runs/{system}
```

## Training

- Data: {data}
- Licence of the data: {licence}
- Command: `{command}`
- Images seen: {images:,.0f}, from random weights; {choice}
- Code: commit {commit}, configuration {gin_hash}, TensorFlow {tensorflow},
  Keras {keras}

## Metrics

On the split `{split}` of the same data ({count} pairs), the organisers'
metrics, means of per-image values:

| | si-RMSE | RMSE m | LOG10 | REL |
|---|---|---|---|---|
| `{tflite}` | {file_metrics} |
| `{weights}` | {weights_metrics} |

## Limits

- It has seen the scenes of its training data and no others: expect little
  elsewhere until it has been trained on pictures like yours.
- Absolute depth depends on the camera's focal length, which the network cannot
  see: with another camera, trust the order of things before their metres.
- Depth beyond what the training data holds is not predicted, and thin, shiny or
  transparent things are often missed.
- Not for decisions on which somebody's safety depends.
"""


def model_card(
  system: str,
  *,
  metadata: Mapping[str, Any],
  files: Mapping[str, int],
  metrics: Mapping[str, Mapping[str, Any]],
  data: str,
  licence: str,
  command: str,
  split: str,
) -> str:
  """Writes the card as Markdown.

  Args:
    system: its name.
    metadata: of the .tflite file, see lite/export.py.
    files: name -> bytes of the .tflite file and of the weights, in this order.
    metrics: name -> what `evaluation.evaluate` returned, for the same two.
    data: what the network was trained on, in words.
    licence: of the data.
    command: that trained the network.
    split: that was measured.

  Returns:
    The text of README.md.
  """
  (tflite, tflite_bytes), (weights, weights_bytes) = files.items()
  best = metadata['metrics']
  return _CARD.format(
    system=system,
    tflite=tflite,
    tflite_bytes=tflite_bytes,
    weights=weights,
    weights_bytes=weights_bytes,
    precision=metadata['precision'],
    unit={'mm': 'millimetres', 'm': 'metres'}[metadata['output_unit']],
    images=best['images'],
    choice=f'the best validation (pass {best["epoch"]:.0f}) is kept',
    commit=metadata['training_git_commit'],
    gin_hash=metadata['gin_hash'],
    tensorflow=metadata['versions']['tensorflow'],
    keras=metadata['versions']['keras'],
    count=metrics[tflite]['images'],
    file_metrics=_row(metrics[tflite]),
    weights_metrics=_row(metrics[weights]),
    data=data,
    licence=licence,
    command=command,
    split=split,
  )


def _row(metrics: Mapping[str, Any]) -> str:
  return ' | '.join(
    f'{metrics[name]:.4f}' for name in ('si_rmse', 'rmse', 'log10', 'rel')
  )
