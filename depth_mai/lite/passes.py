# SPDX-License-Identifier: Apache-2.0
"""Lists the rewrites from a trained network to a .tflite file, in order.

The network passes work on a layer_graph.LayerGraph of the deployment model and
end in the model that the TFLiteConverter converts. The file passes work on the
converted file, as flatbuffer.read_model unpacks it.
"""

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
    whole_graph: whether the file stays in one piece for XNNPACK, even for the
      version in TFLite 2.5 and even if that costs time or size.
    keep_rounding: whether the file takes its ranges from the layers of
      fake-quantisation training.
  """

  precision: str = 'fp32'
  whole_graph: bool = False
  keep_rounding: bool = False


def passes_before_conversion(target: Target) -> list:
  """Returns the functions that change a LayerGraph, in order."""
  int8, whole = target.precision == 'int8', target.whole_graph
  table = (
    # First: the other passes only know plain layers.
    (collapse.collapse_blocks, True),
    (collapse.use_plain_kernels, True),
    (collapse.remove_rounding, not target.keep_rounding),
    # Before convolutions are split, so that a scaling has one kernel after it.
    (fold.fold_scalings, True),
    (additive_fusion.split_enlarged_concatenations, not whole),
    (additive_fusion.split_all_concatenations, whole),
    # After the sums are made: a sum can run the ReLU after it.
    (activations.multiply_lone_relus, int8),
    # Last: its ReLU6 runs inside an addition, so it is not a lone ReLU.
    (activations.split_hard_swish, int8 and whole),
  )
  return [rewrite for rewrite, applies in table if applies]


def passes_after_conversion(target: Target) -> list:
  """Returns the functions that change an unpacked file, in order."""
  table = (
    # Before `slim`, which drops the int8 kernels that nothing reads any more.
    (
      file_passes.float_depthwise,
      target.precision == 'dynamic' and target.whole_graph,
    ),
    (file_passes.slim, True),
  )
  return [rewrite for rewrite, applies in table if applies]


def rewrite_network(model: keras.Model, target: Target) -> keras.Model:
  """Returns a copy of a functional model after all passes of a target."""
  graph = layer_graph.LayerGraph(model)
  for rewrite in passes_before_conversion(target):
    rewrite(graph)
  return graph.build()


def rewrite_file(file: flatbuffer.schema.ModelT, target: Target) -> None:
  """Runs all passes of a target on an unpacked file, in place."""
  for rewrite in passes_after_conversion(target):
    rewrite(file)
