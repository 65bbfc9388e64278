# SPDX-License-Identifier: Apache-2.0
"""Tables of the TFLite releases that first run each operator version.

Releases are TensorFlow's, from the operator versioning tables of the TensorFlow
source tree (tensorflow/compiler/mlir/lite/tools/versioning, runtime_version.cc
and op_version.cc, as of TensorFlow 2.22). The tables list only operators that
an image network can contain; `operators.check` refuses all others by name.
"""


def _read_table(text: str) -> dict[str, tuple[str | None, ...]]:
  """Returns the cells after each operator's name; None for '-'."""
  rows: dict[str, list[str | None]] = {}
  name = ''
  for word in text.split():
    if word[0].isalpha():
      name = word
      rows[name] = []
    else:
      rows[name].append(None if word == '-' else word)
  return {name: tuple(cells) for name, cells in rows.items()}


# FIRST_RELEASE[operator][version - 1]; None for a version that was withdrawn.
FIRST_RELEASE = _read_table("""
  ABS                     1.13.0 2.4.0  2.5.0  2.6.0  2.12.0
  ADD                     1.5.0  1.14.0 2.4.0  2.6.0  2.13.0 2.23.0
  ADD_N                   1.14.0
  ARG_MAX                 1.9.0  1.14.0 2.9.0
  ARG_MIN                 1.9.0  1.14.0 2.9.0
  ASSIGN_VARIABLE         2.6.0
  AVERAGE_POOL_2D         1.5.0  1.14.0 2.3.0
  BATCH_MATMUL            2.3.0  2.3.0  2.4.0  2.5.0
  BATCH_TO_SPACE_ND       1.6.0  1.14.0 2.3.0  2.12.0
  BROADCAST_ARGS          2.6.0
  BROADCAST_TO            -      2.5.0  2.5.0
  CALL_ONCE               2.5.0
  CAST                    1.5.0  2.7.0  2.8.0  2.9.0  2.12.0 2.15.0 2.17.0
                          2.21.0
  CEIL                    1.14.0
  CONCATENATION           1.5.0  1.14.0 2.3.0  2.14.0 2.21.0
  CONV_2D                 1.5.0  1.14.0 1.14.0 2.3.0  2.4.0  2.9.0  2.11.0
                          2.15.0
  CONV_3D                 2.5.0
  COS                     1.14.0
  CUMSUM                  2.4.0
  DENSIFY                 2.2.0
  DEPTHWISE_CONV_2D       1.5.0  1.12.0 1.14.0 2.2.0  2.3.0  2.3.0  2.11.0
  DEPTH_TO_SPACE          2.1.0  2.5.0
  DEQUANTIZE              1.13.1 1.14.0 1.15.0 2.2.0  2.7.0  2.18.0 2.21.0
                          2.22.0
  DIV                     1.6.0  2.3.0
  ELU                     1.14.0
  EQUAL                   1.14.0 1.14.0 2.3.0  2.13.0 2.21.0
  EXP                     1.7.0  2.12.0
  EXPAND_DIMS             1.10.0
  FAKE_QUANT              1.5.0  1.10.0
  FILL                    1.13.0 2.3.0  2.5.0  2.12.0
  FLOOR                   1.9.0
  FLOOR_DIV               1.14.0 1.14.0 2.13.0
  FLOOR_MOD               1.13.0 2.13.0
  FULLY_CONNECTED         1.5.0  1.10.0 1.14.0 1.14.0 2.0.0  2.1.0  2.3.0
                          2.3.0  2.3.0  2.11.0 2.15.0 2.17.0 2.18.0 2.21.0
  GATHER                  1.6.0  1.14.0 1.15.0 2.4.0  2.5.0  2.13.0 2.15.0
  GATHER_ND               1.14.0 2.3.0  2.5.0  2.13.0 2.16.0
  GELU                    2.9.0  2.9.0
  GREATER                 1.14.0 1.14.0
  GREATER_EQUAL           1.14.0 1.14.0 2.13.0
  HARD_SWISH              1.15.0
  L2_NORMALIZATION        1.5.0  1.14.0
  LEAKY_RELU              1.13.1 2.3.0
  LESS                    1.14.0 1.14.0 2.13.0
  LESS_EQUAL              1.14.0 1.14.0
  LOG                     1.14.0 2.15.0
  LOGISTIC                1.14.0 1.14.0 2.3.0
  LOG_SOFTMAX             1.14.0 1.14.0
  MAXIMUM                 1.14.0 1.14.0 2.3.0  2.3.0
  MAX_POOL_2D             1.5.0  1.14.0 2.3.0
  MEAN                    1.6.0  1.14.0 2.4.0
  MINIMUM                 1.14.0 1.14.0 2.3.0  2.3.0
  MIRROR_PAD              1.13.1 2.3.0  2.12.0
  MUL                     1.5.0  1.14.0 1.15.0 2.3.0  2.6.0  2.11.0 2.13.0
                          2.23.0
  NEG                     1.9.0
  NOT_EQUAL               1.14.0 1.14.0 2.3.0  2.21.0
  PACK                    1.11.0 1.14.0 2.3.0  2.13.0
  PAD                     1.5.0  1.14.0 2.4.0  2.6.0  2.20.0
  PADV2                   1.9.0  1.14.0 2.4.0  2.6.0  2.20.0
  POW                     1.10.0
  PRELU                   1.8.0
  QUANTIZE                1.14.0 1.15.0 2.7.0  2.21.0 2.21.0 2.21.0
  RANGE                   1.13.0 2.14.0
  READ_VARIABLE           2.6.0
  REDUCE_MAX              1.11.0 1.14.0 2.5.0
  REDUCE_MIN              1.11.0 1.14.0 2.5.0
  RELU                    1.5.0  2.1.0  2.5.0
  RELU6                   1.5.0  1.14.0 2.5.0
  RELU_0_TO_1             2.10.0
  RELU_N1_TO_1            1.5.0
  RESHAPE                 1.5.0
  RESIZE_BILINEAR         1.7.0  1.14.0 2.2.0  2.5.0
  RESIZE_NEAREST_NEIGHBOR 1.13.1 1.14.0 2.3.0  2.4.0
  REVERSE_V2              1.14.0 2.2.0  2.5.0
  ROUND                   1.14.0
  RSQRT                   1.10.0 2.5.0  2.15.0
  SELECT                  1.14.0 1.14.0 2.12.0 2.12.0
  SELECT_V2               2.2.0  2.12.0
  SHAPE                   1.10.0
  SIGN                    2.11.0 2.12.0
  SIN                     1.9.0
  SLICE                   1.14.0 1.14.0 1.14.0 2.4.0  2.5.0  2.14.0 2.21.0
  SOFTMAX                 1.5.0  1.14.0 2.3.0
  SPACE_TO_BATCH_ND       1.6.0  1.14.0 2.3.0  2.12.0
  SPACE_TO_DEPTH          1.5.0  1.14.0
  SPLIT                   1.5.0  1.14.0 1.14.0 2.3.0
  SPLIT_V                 1.13.1 2.3.0
  SQRT                    1.10.0 2.21.0
  SQUARE                  1.12.0
  SQUARED_DIFFERENCE      1.13.1 2.5.0
  SQUEEZE                 1.6.0  2.5.0
  STRIDED_SLICE           1.6.0  1.14.0 2.1.0  2.2.0  2.5.0  2.6.0  2.14.0
                          2.14.0
  SUB                     1.6.0  1.14.0 2.3.0  2.4.0  2.4.0
  SUM                     1.10.0 1.15.0
  TANH                    1.14.0 1.14.0 2.3.0
  TILE                    1.10.1 2.2.0  2.8.0
  TRANSPOSE               1.6.0  1.14.0 1.15.0 2.3.0  2.4.0  2.12.0 2.14.4
                          2.22.0
  TRANSPOSE_CONV          1.9.0  2.2.0  2.3.0  2.13.0 2.15.0
  UNPACK                  1.11.0 1.14.0 2.2.0  2.3.0  2.22.0
  VAR_HANDLE              2.6.0
  ZEROS_LIKE              1.12.0
""")

# The operators that need a version, by the type of their data. The converter
# declares the right versions for INT8, but not for INT16: its 16x8 files carry
# the INT8 versions, and the `min_runtime_version` in them is too low.
_BY_VERSION = {
  'INT8': {
    2: """
      ABS ADD ARG_MAX ARG_MIN AVERAGE_POOL_2D CONCATENATION DEPTH_TO_SPACE
      DEQUANTIZE EXP GATHER GELU LOG LOGISTIC MAXIMUM MAX_POOL_2D MEAN
      MINIMUM MUL PACK PAD PADV2 REDUCE_MAX REDUCE_MIN RELU RELU6
      RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SLICE SOFTMAX
      SPACE_TO_DEPTH SPLIT SQRT SQUARED_DIFFERENCE STRIDED_SLICE SUB SUM TANH
      TRANSPOSE TRANSPOSE_CONV UNPACK
    """,
    3: 'CONV_2D DEPTHWISE_CONV_2D TILE',
    4: 'FULLY_CONNECTED',
  },
  'INT16': {
    2: 'EXP LEAKY_RELU LOG QUANTIZE SQRT',
    3: """
      ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CONCATENATION DEQUANTIZE LOGISTIC
      MAX_POOL_2D MEAN MIRROR_PAD PACK PAD PADV2 REDUCE_MAX REDUCE_MIN RELU
      RELU6 RSQRT SOFTMAX TANH TRANSPOSE_CONV
    """,
    4: """
      CONV_2D GATHER MAXIMUM MINIMUM MUL RESIZE_BILINEAR
      RESIZE_NEAREST_NEIGHBOR SLICE SPLIT UNPACK
    """,
    5: 'DEPTHWISE_CONV_2D SUB TRANSPOSE',
    7: 'FULLY_CONNECTED',
  },
}
# VERSION_FOR_TYPE[type][operator].
VERSION_FOR_TYPE = {
  type_name: {
    name: version for version, names in table.items() for name in names.split()
  }
  for type_name, table in _BY_VERSION.items()
}

# The 16x8 kernels of these operators take a 64-bit bias; for a 32-bit bias they
# need the version below.
INT32_BIAS_VERSION_FOR_INT16 = {
  'CONV_2D': 8,
  'FULLY_CONNECTED': 11,
  'TRANSPOSE_CONV': 5,
}
