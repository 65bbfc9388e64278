# SPDX-License-Identifier: Apache-2.0
"""The tables of a .tflite file, field by field.

They are those of tensorflow/compiler/mlir/lite/schema/schema.fbs, written as
text, because tflite-runtime has no schema module. Tables without fields are
left out. A field is one of these:

  1 2 4 8   a number of so many bytes
  f         a float number, 4 bytes
  g         the index of a subgraph, 4 bytes
  B H I Q   a vector of numbers of 1, 2, 4, 8 bytes
  G         a vector of indices of subgraphs
  s         a string
  u         a table whose kind the field before it tells, see UNIONS
  Name      a table
  Name*     a vector of tables
  -         no longer in use
"""

_TABLES = """
  Model: 4 OperatorCode* SubGraph* s Buffer* I Metadata* SignatureDef*
    ExternalBufferGroup* ExternalBuffer*
  OperatorCode: 1 s 4 4
  SubGraph: Tensor* I I Operator* s 4
  Tensor: I 1 4 s QuantizationParameters 1 SparsityParameters I 1
    VariantSubType* 4
  Operator: 4 I I 1 u B 1 B I 8 8 1 u 4
  Buffer: B 8 8
  Metadata: s 4
  SignatureDef: TensorMap* TensorMap* s - 4
  TensorMap: s 4
  QuantizationParameters: I I I Q 1 u 4
  CustomQuantization: B
  BlockwiseQuantization: 4 4 4 I
  MultiAxisQuantization: 4 4 4 I
  SparsityParameters: I I DimensionMetadata*
  DimensionMetadata: 1 4 1 u 1 u
  Int32Vector: I
  Uint16Vector: H
  Uint8Vector: B
  VariantSubType: I 1 1
  ExternalBufferGroup: s
  ExternalBuffer: 4 4 8 - s
  AddOptions: 1 1
  ArgMaxOptions: 1
  ArgMinOptions: 1
  BatchMatMulOptions: 1 1 1
  BidirectionalSequenceLSTMOptions: 1 f f 1 1 1
  BidirectionalSequenceRNNOptions: 1 1 1 1
  BucketizeOptions: I
  CallOnceOptions: g
  CallOptions: g
  CastOptions: 1 1
  ConcatEmbeddingsOptions: 4 I I
  ConcatenationOptions: 4 1
  Conv2DOptions: 1 4 4 1 4 4 1
  Conv3DOptions: 1 4 4 4 1 4 4 4
  CumsumOptions: 1 1
  DepthToSpaceOptions: 4
  DepthwiseConv2DOptions: 1 4 4 4 1 4 4
  DivOptions: 1
  EmbeddingLookupSparseOptions: 1
  FakeQuantOptions: f f 4 1
  FullyConnectedOptions: 1 1 1 1 1 B
  GatherOptions: 4 4
  GeluOptions: 1
  HashtableOptions: 4 1 1
  IfOptions: g g
  L2NormOptions: 1
  LSHProjectionOptions: 1
  LSTMOptions: 1 f f 1 1
  LeakyReluOptions: f
  LocalResponseNormalizationOptions: 4 f f f
  MirrorPadOptions: 1
  MulOptions: 1
  OneHotOptions: 4
  PackOptions: 4 4
  Pool2DOptions: 1 4 4 4 4 1
  RNNOptions: 1 1
  RandomOptions: 8 8
  ReduceWindowOptions: 4
  ReducerOptions: 1
  ReshapeOptions: I
  ResizeBilinearOptions: - - 1 1
  ResizeNearestNeighborOptions: 1 1
  ReverseSequenceOptions: 4 4
  SVDFOptions: 4 1 1
  SequenceRNNOptions: 1 1 1
  ShapeOptions: 1
  SkipGramOptions: 4 4 1
  SoftmaxOptions: f
  SpaceToDepthOptions: 4
  SparseToDenseOptions: 1
  SplitOptions: 4
  SplitVOptions: 4
  SqueezeOptions: I
  StableHLOCompositeOptions: s g B 1 4
  StablehloBroadcastInDimOptions: Q
  StablehloCaseOptions: G
  StablehloCompareOptions: 4 4
  StablehloConcatenateOptions: 8
  StablehloConvolutionOptions: Q Q Q Q B 8 8 Q 8 8 Q 8 8 Q 8 8 I
  StablehloCustomCallOptions: s 1 s 4 I B
  StablehloDotGeneralOptions: Q Q Q Q I
  StablehloDynamicSliceOptions: Q
  StablehloGatherOptions: Q Q Q 8 Q 1
  StablehloIotaOptions: 8
  StablehloPadOptions: Q Q Q
  StablehloReduceOptions: Q g
  StablehloReduceWindowOptions: Q Q Q Q Q g
  StablehloRngBitGeneratorOptions: 1
  StablehloScatterOptions: 1 Q Q Q 8 1 g
  StablehloSliceOptions: Q Q Q
  StablehloSortOptions: 8 1 g
  StablehloTransposeOptions: Q
  StablehloWhileOptions: g g
  StridedSliceOptions: 4 4 4 4 4 1
  SubOptions: 1 1
  TransposeConvOptions: 1 4 4 1 1
  UnidirectionalSequenceLSTMOptions: 1 f f 1 1 1
  UniqueOptions: 1
  UnpackOptions: 4 4
  VarHandleOptions: s s
  WhileOptions: g g
"""

# Name of a table -> its fields, in order.
FIELDS: dict[str, tuple[str, ...]] = {}
for _entry in _TABLES.replace('\n    ', ' ').strip().splitlines():
  _name, _, _fields = _entry.strip().partition(': ')
  FIELDS[_name] = tuple(_fields.split())

_OPTIONS = """
  NONE Conv2DOptions DepthwiseConv2DOptions ConcatEmbeddingsOptions
  LSHProjectionOptions Pool2DOptions SVDFOptions RNNOptions
  FullyConnectedOptions SoftmaxOptions ConcatenationOptions AddOptions
  L2NormOptions LocalResponseNormalizationOptions LSTMOptions
  ResizeBilinearOptions CallOptions ReshapeOptions SkipGramOptions
  SpaceToDepthOptions EmbeddingLookupSparseOptions MulOptions PadOptions
  GatherOptions BatchToSpaceNDOptions SpaceToBatchNDOptions TransposeOptions
  ReducerOptions SubOptions DivOptions SqueezeOptions SequenceRNNOptions
  StridedSliceOptions ExpOptions TopKV2Options SplitOptions LogSoftmaxOptions
  CastOptions DequantizeOptions MaximumMinimumOptions ArgMaxOptions
  LessOptions NegOptions PadV2Options GreaterOptions GreaterEqualOptions
  LessEqualOptions SelectOptions SliceOptions TransposeConvOptions
  SparseToDenseOptions TileOptions ExpandDimsOptions EqualOptions
  NotEqualOptions ShapeOptions PowOptions ArgMinOptions FakeQuantOptions
  PackOptions LogicalOrOptions OneHotOptions LogicalAndOptions
  LogicalNotOptions UnpackOptions FloorDivOptions SquareOptions
  ZerosLikeOptions FillOptions BidirectionalSequenceLSTMOptions
  BidirectionalSequenceRNNOptions UnidirectionalSequenceLSTMOptions
  FloorModOptions RangeOptions ResizeNearestNeighborOptions LeakyReluOptions
  SquaredDifferenceOptions MirrorPadOptions AbsOptions SplitVOptions
  UniqueOptions ReverseV2Options AddNOptions GatherNdOptions CosOptions
  WhereOptions RankOptions ReverseSequenceOptions MatrixDiagOptions
  QuantizeOptions MatrixSetDiagOptions HardSwishOptions IfOptions WhileOptions
  DepthToSpaceOptions NonMaxSuppressionV4Options NonMaxSuppressionV5Options
  ScatterNdOptions SelectV2Options DensifyOptions SegmentSumOptions
  BatchMatMulOptions CumsumOptions CallOnceOptions BroadcastToOptions
  Rfft2dOptions Conv3DOptions HashtableOptions HashtableFindOptions
  HashtableImportOptions HashtableSizeOptions VarHandleOptions
  ReadVariableOptions AssignVariableOptions RandomOptions BucketizeOptions
  GeluOptions DynamicUpdateSliceOptions UnsortedSegmentProdOptions
  UnsortedSegmentMaxOptions UnsortedSegmentMinOptions
  UnsortedSegmentSumOptions ATan2Options SignOptions BitcastOptions
  BitwiseXorOptions RightShiftOptions
""".split()
_OPTIONS_2 = """
  NONE StablehloConcatenateOptions StablehloBroadcastInDimOptions
  StablehloSliceOptions StablehloConvolutionOptions StablehloCustomCallOptions
  StablehloReduceOptions StablehloScatterOptions StablehloCompareOptions
  StablehloDynamicSliceOptions StablehloPadOptions StablehloIotaOptions
  StablehloDotGeneralOptions StablehloReduceWindowOptions StablehloSortOptions
  StablehloWhileOptions StablehloGatherOptions StablehloTransposeOptions
  DilateOptions StablehloRngBitGeneratorOptions ReduceWindowOptions
  StableHLOCompositeOptions StablehloShiftLeftOptions StablehloCaseOptions
""".split()
_INDICES = ('NONE', 'Int32Vector', 'Uint16Vector', 'Uint8Vector')

# (table, number of a union's field) -> the tables it may be, by their number.
UNIONS = {
  ('Operator', 4): tuple(_OPTIONS),
  ('Operator', 12): tuple(_OPTIONS_2),
  ('QuantizationParameters', 5): (
    'NONE',
    'CustomQuantization',
    'BlockwiseQuantization',
    'MultiAxisQuantization',
  ),
  ('DimensionMetadata', 3): _INDICES,
  ('DimensionMetadata', 5): _INDICES,
}
