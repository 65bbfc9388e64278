# SPDX-License-Identifier: Apache-2.0
r"""Shows what a .tflite model is made of and what it costs, layer by layer.

The multiply-accumulates, parameters and bytes of every operator are read off
the file's own graph; nothing is run, and any .tflite file will do. With
--partitions the runtime of this machine is asked, too, what its XNNPACK
delegate takes of the graph: which operators cut it, and what to do about it.

Example:
  python -m depth_mai.summary --model=tcl_fp32.tflite --json=tcl.summary.json
"""

import json
import sys

from absl import app
from absl import flags

from depth_mai.files import atomic
from depth_mai.files import ready_models
from depth_mai.report import summary_table
from depth_mai.runtime import graph_summary
from depth_mai.runtime import partitions

_MODEL = flags.DEFINE_string(
  'model',
  None,
  'The .tflite file to look at, or the name of a system in pretrained/.',
  required=True,
)
_JSON = flags.DEFINE_string(
  'json', None, 'Also write all figures to this JSON file.'
)
_PARTITIONS = flags.DEFINE_bool(
  'partitions', False, 'Also show what the XNNPACK delegate takes, and why.'
)


def main(argv: list[str]) -> None:
  """Prints the tables, writes the JSON file."""
  if len(argv) > 1:
    raise app.UsageError(
      f'Nothing but flags is taken, got {argv[1:]}; name the model with '
      '--model.'
    )
  try:
    path = ready_models.model_path(_MODEL.value)
    summary = graph_summary.summarise(path)
    if _PARTITIONS.value:
      summary['delegation'] = partitions.describe_partitions(path)
  except ValueError as error:
    sys.exit(f'summary: {error}')
  print(summary_table.summary_text(summary))
  if _PARTITIONS.value:
    print('\n' + summary_table.partition_text(summary['delegation']))
  if _JSON.value:
    atomic.write_text(_JSON.value, json.dumps(summary, indent=2) + '\n')


if __name__ == '__main__':
  app.run(main)
