# SPDX-License-Identifier: Apache-2.0
r"""Shows the operators of a .tflite file and what each of them costs.

The multiply-accumulates, parameters and bytes of every operator are computed
from the graph in the file, which is not run, so any .tflite file will do. With
--partitions the runtime of this machine also loads the file, and the output
shows which operators its XNNPACK delegate does not take, and the cure.

Example:
  python -m depth_mai.summary --model=tcl_fp32.tflite --json=tcl.summary.json
"""

from absl import flags

from depth_mai import program
from depth_mai.files import atomic
from depth_mai.files import ready_models
from depth_mai.report import summary_table
from depth_mai.runtime import delegation
from depth_mai.runtime import graph_summary

_MODEL = program.flag('model', 'The .tflite file to summarise.', required=True)
_JSON = program.flag('json', 'all figures')
_PARTITIONS = flags.DEFINE_bool(
  'partitions',
  False,
  'Show which operators the XNNPACK delegate takes, and why not the others.',
)


def main(argv: list[str]) -> None:
  """Prints the tables and writes the JSON file."""
  program.no_arguments(argv)
  path = ready_models.model_path(_MODEL.value)
  summary = graph_summary.summarise(path)
  if _PARTITIONS.value:
    summary['delegation'] = delegation.describe_partitions(path)
  print(summary_table.summary_text(summary))
  if _PARTITIONS.value:
    print('\n' + summary_table.partition_text(summary['delegation']))
  if _JSON.value:
    atomic.write_json(_JSON.value, summary)


if __name__ == '__main__':
  program.run(main)
