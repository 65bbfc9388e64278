# SPDX-License-Identifier: Apache-2.0
r"""Trains the twin of a network with PyTorch, for benchmarks/pytorch_step.py.

    PYTHON -m benchmarks.step_race.torch_worker \
        FOLDER FORMAT COMPILED BFLOAT16 THREADS

FOLDER is from graph.export, FORMAT 'contiguous' or 'channels_last', COMPILED
and BFLOAT16 0 or 1. Runs in a Python that has PyTorch, see twin.py.
"""

from collections.abc import Callable
import copy
import json
import pathlib
import sys
from typing import Any

import numpy as np
import torch

from benchmarks.step_race import recipe
from benchmarks.step_race import turns
from benchmarks.step_race import twin

_FORMATS = {
  'contiguous': torch.contiguous_format,
  'channels_last': torch.channels_last,
}


def silog(
  pred_depth_m: torch.Tensor,
  depth_m: torch.Tensor,
  valid_mask: torch.Tensor,
  upsampling: str,
) -> torch.Tensor:
  """Computes losses/scale_invariant.py's `silog` over a batch.

  Args:
    pred_depth_m: [B, 1, h, w], metres.
    depth_m: [B, 1, H, W], metres.
    valid_mask: bool [B, 1, H, W].
    upsampling: how the prediction is enlarged, 'bilinear' or 'nearest'.
  """
  pred_depth_m = twin.resize(pred_depth_m, depth_m.shape[2:], upsampling)
  log_pred = torch.log(pred_depth_m.clamp(min=0) + recipe.EPS_M)
  residual = log_pred - torch.log(depth_m.clamp(min=0) + recipe.EPS_M)
  residual = torch.where(valid_mask, residual, 0.0)
  count = valid_mask.sum()
  mean = residual.sum() / count
  squared = torch.where(valid_mask, torch.square(residual - mean), 0.0)
  variance = squared.sum() / count
  return torch.sqrt(variance + (1 - recipe.VARIANCE_FOCUS) * torch.square(mean))


def make_step(
  network: torch.nn.Module,
  average: torch.nn.Module,
  batch: dict[str, torch.Tensor],
  upsampling: str,
  compiled: bool,
  bfloat16: bool = False,
) -> Callable[[], tuple[float, float]]:
  """Returns a function that takes a step: the loss and the gradient's norm.

  Args:
    network: is trained.
    average: receives the moving average of its weights and statistics.
    batch: 'rgb', 'depth_m' and 'valid_mask', [B, C, H, W].
    upsampling: see `silog`.
    compiled: whether to compile the network and the loss.
    bfloat16: whether the network computes what PyTorch's autocast chooses in
      bfloat16.
  """
  parameters = list(network.parameters())
  optimizer = torch.optim.AdamW(
    [
      {
        'params': [x for x in parameters if x.ndim > 1],
        'weight_decay': recipe.WEIGHT_DECAY,
      },
      # Biases, and the weights of BatchNorm.
      {'params': [x for x in parameters if x.ndim == 1], 'weight_decay': 0.0},
    ],
    lr=recipe.LEARNING_RATE,
    eps=recipe.ADAM_EPSILON,
    fused=True,  # One call for all weights, not a loop in Python.
  )
  means, values = (
    [x for x in model.state_dict().values() if x.is_floating_point()]
    for model in (average, network)
  )
  steps = 0

  def loss_of(rgb, depth_m, valid_mask):
    with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
      prediction = network(rgb)
    return silog(prediction.float(), depth_m, valid_mask, upsampling)

  if compiled:
    loss_of = torch.compile(loss_of)

  def step() -> tuple[float, float]:
    nonlocal steps
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(**batch)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.GRADIENT_CLIP)
    optimizer.step()
    steps += 1
    decay = min(recipe.EMA_DECAY, (1 + steps) / (10 + steps))
    with torch.no_grad():
      torch._foreach_lerp_(means, values, 1 - decay)
    return loss.item(), norm.item()

  return step


def prepare(
  folder: pathlib.Path, memory_format: str, compiled: bool, bfloat16: bool
) -> tuple[Callable[[], Any], recipe.Evidence]:
  """Builds the twin and takes the first steps.

  Args:
    folder: from graph.export.
    memory_format: 'contiguous' or 'channels_last'.
    compiled: see make_step.
    bfloat16: see make_step.

  Returns:
    The step, and the evidence.
  """
  described = json.loads((folder / recipe.GRAPH).read_text())
  layout = _FORMATS[memory_format]
  with np.load(folder / recipe.WEIGHTS) as weights:
    network = twin.Twin(described['nodes'], weights)
  with np.load(folder / recipe.BATCH) as arrays:
    batch = {
      name: torch.tensor(array).permute(0, 3, 1, 2).contiguous(
        memory_format=layout
      )
      for name, array in arrays.items()
    }  # fmt: skip
  network = network.to(memory_format=layout)
  average = copy.deepcopy(network)
  with torch.no_grad():
    difference = network.eval()(batch['rgb']) - batch.pop('prediction')
  step = make_step(
    network.train(),
    average,
    batch,
    described['upsampling'],
    compiled,
    bfloat16,
  )

  def parameters(model: torch.nn.Module) -> list[np.ndarray]:
    return [x.detach().numpy().copy() for x in model.parameters()]

  return step, recipe.evidence(
    float(difference.abs().max()),
    step,
    lambda: parameters(network),
    lambda: parameters(average),
  )


if __name__ == '__main__':
  folder, memory_format, compiled, bfloat16 = sys.argv[1:5]
  torch.set_num_threads(int(sys.argv[5]))
  turns.serve(
    lambda: prepare(
      pathlib.Path(folder), memory_format, compiled == '1', bfloat16 == '1'
    )
  )
