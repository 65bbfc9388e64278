# SPDX-License-Identifier: Apache-2.0
"""Writes the README.md of ready weights: origin, metrics and limits."""

from collections.abc import Mapping
from typing import Any

from depth_mai import challenge

_CARD = """\
# {system}: ready weights

Depth in metres from one RGB picture, by the network of
`{source}`.

```bash
python -m depth_mai.predict --model={system} photo.jpg --output_dir=depth
```

| file | bytes | content |
|---|---|---|
| `{tflite}` | {tflite_bytes:,} | {metadata[precision]}; depth in {unit} |
| `{weights}` | {weights_bytes:,} | to continue training; 8-bit kernels |

To continue training:

```bash
python -m depth_mai.train --gin_file=gin_configs/{system}.gin \\
  --gin_param="train.initial_network = '{system}'" \\
  --data_dir=DATA --workdir=runs/{system}
```

## Training

- Data: {data}
- Licence of the data: {licence}
- Command: `{command}`
- Images seen: {best[images]:,.0f}, starting from {start}; the
  weights with the best validation are kept (epoch {best[epoch]:.0f})
- Code: commit {metadata[training_git_commit]}, configuration
  {metadata[gin_hash]}, TensorFlow {metadata[versions][tensorflow]}, Keras
  {metadata[versions][keras]}

## Metrics

The organisers' metrics on the split `{split}` of the same data ({count} pairs),
means of per-image values:

| | si-RMSE | RMSE m | LOG10 | REL |
|---|---|---|---|---|
| `{tflite}` | {file_metrics} |
| `{weights}` | {weights_metrics} |

## Limits

- The network has seen only the scenes of its training data: expect poor depth
  elsewhere until it has been trained on pictures like yours.
- Absolute depth depends on the camera's focal length, which the network does
  not know: with another camera, trust the order of depths more than the metres.
- Depth beyond the range of the training data is not predicted, and thin, shiny
  or transparent objects are often missed.
- Do not use it where safety depends on it.
"""


def model_card(
  system: str,
  *,
  source: str,
  metadata: Mapping[str, Any],
  files: Mapping[str, int],
  metrics: Mapping[str, Mapping[str, Any]],
  data: str,
  licence: str,
  command: str,
  split: str,
  start: str = 'random weights',
) -> str:
  """Writes the card as Markdown.

  Args:
    system: name of the system.
    source: path of the module that builds it, or another name for it.
    metadata: metadata of the .tflite file, see lite/export.py.
    files: name -> bytes of the .tflite file and of the weights, in this order.
    metrics: name -> result of `evaluation.evaluate`, for the same two.
    data: the training data, in words.
    licence: licence of the data.
    command: the command that trained the network.
    split: the split on which the metrics were measured.
    start: the weights from which the training started, in words.

  Returns:
    The text of README.md.
  """
  tflite, weights = files
  return _CARD.format(
    system=system,
    source=source,
    tflite=tflite,
    weights=weights,
    tflite_bytes=files[tflite],
    weights_bytes=files[weights],
    metadata=metadata,
    best=metadata['metrics'],
    unit={'mm': 'millimetres', 'm': 'metres'}[metadata['output_unit']],
    count=metrics[tflite]['images'],
    file_metrics=_row(metrics[tflite]),
    weights_metrics=_row(metrics[weights]),
    data=data,
    licence=licence,
    command=command,
    split=split,
    start=start,
  )


def _row(metrics: Mapping[str, Any]) -> str:
  return ' | '.join(f'{metrics[name]:.4f}' for name in challenge.METRICS)
