# SPDX-License-Identifier: Apache-2.0
"""The rewrites on the way from a trained network to a .tflite file, in order.

The network passes work on a layer_graph.LayerGraph of the deployment model and
end in the model that the TFLiteConverter converts. The file passes work on the
converted file, as flatbuffer.read_model unpacks it.
"""

from collections.abc import Callable
import dataclasses

import keras

from depth_mai.lite import activations
from depth_mai.lite import additive_fusion
from depth_mai.lite import collapse
from depth_mai.lite import file_passes
from depth_mai.lite import flatbuffer
from depth_mai.lite import fold
from depth_mai.lite import layer_graph


@dataclasses.dataclass(frozen=True)
class Target:
  """The kind of file that the passes prepare.

  Attributes:
    precision: see converter.PRECISIONS.
    whole_graph: whether the file shall stay in one piece for XNNPACK, that of
      TFLite 2.5 included, even where that costs time or size.
    keep_rounding: whether the file takes its ranges from the layers of
      fake-quantisation training.
  """

  precision: str = 'fp32'
  whole_graph: bool = False
  keep_rounding: bool = False


@dataclasses.dataclass(frozen=True)
class Pass:
  """One rewrite.

  Attributes:
    rewrite: changes a LayerGraph or an unpacked file in place.
    applies: whether a target needs it.
  """

  rewrite: Callable
  applies: Callable[[Target], bool] = lambda target: True


NETWORK_PASSES = (
  # First remove what only training needs: later passes know plain layers only.
  Pass(collapse.collapse_blocks),
  Pass(collapse.use_plain_kernels),
  Pass(collapse.remove_rounding, lambda target: not target.keep_rounding),
  # Before convolutions are split: each scaling then has one kernel to go into.
  Pass(fold.fold_scalings),
  Pass(
    additive_fusion.split_enlarged_concatenations,
    lambda target: not target.whole_graph,
  ),
  Pass(
    additive_fusion.split_all_concatenations,
    lambda target: target.whole_graph,
  ),
  # After the sums are in place: a sum may run the ReLU after it.
  Pass(
    activations.multiply_lone_relus,
    lambda target: target.precision == 'int8',
  ),
  # Last: its ReLU6 follows an addition, so it is never one of the lone ReLUs.
  Pass(
    activations.split_hard_swish,
    lambda target: target.precision == 'int8' and target.whole_graph,
  ),
)

FILE_PASSES = (
  # Before the file is slimmed: it leaves the int8 kernels without a reader.
  Pass(
    file_passes.float_depthwise,
    lambda target: target.precision == 'dynamic' and target.whole_graph,
  ),
  Pass(file_passes.slim),
)


def rewrite_network(model: keras.Model, target: Target) -> keras.Model:
  """Returns a copy of a functional model after all passes of a target."""
  graph = layer_graph.LayerGraph(model)
  for one in NETWORK_PASSES:
    if one.applies(target):
      one.rewrite(graph)
  return graph.build()


def rewrite_file(file: flatbuffer.schema.ModelT, target: Target) -> None:
  """Runs all passes of a target on an unpacked file, in place."""
  for one in FILE_PASSES:
    if one.applies(target):
      one.rewrite(file)
