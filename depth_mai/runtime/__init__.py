# SPDX-License-Identifier: Apache-2.0
"""Runs and measures .tflite files without TensorFlow, on a device too.

Checking a file: schema_tables, flatbuffer_check, sparsity_check, file_check,
  load_check, first_run.
Reading it: flatbuffer_table, schema_names, graph, metadata.
Its cost and the runtimes that take it: cost, graph_summary, delegation,
  partitions, operators, runtime_versions, cures.
Its input and output: tensor_description, interface_evidence, interface_reader,
  model_interface.
Predicting: open_sizes, interpreter, model_file, image_io, batch_prediction,
  depth_model.
Measuring: latency, configuration, litert_benchmark, environment,
  benchmark_report.
"""
