import Files

/// How operators are read.
///
/// To add one: write a method of `ONNXGraphReader` in the file of its kind under `Operators/`,
/// enter it in the table here, and put a case into the tests. An operator that may be computed from
/// constants alone (sizes, weights) goes into `ONNXFolding` as well; one that is refused gets its
/// advice in `ONNXAdvice`.
enum ONNXOperators {
  typealias Reading = @Sendable (_ reader: inout ONNXGraphReader, _ node: ONNXNode, _ index: Int) throws -> Void

  static let table: [String: Reading] = [
    // Layers with weights: Operators/ONNXConvolutions.swift, Operators/ONNXDense.swift.
    "Conv": { try $0.convolution($1, $2) },
    "Gemm": { try $0.gemm($1, $2) },
    "MatMul": { try $0.matrixProduct($1, $2) },
    // Of channels: Operators/ONNXChannels.swift.
    "Concat": { try $0.concat($1, $2) },
    "Slice": { try $0.slice($1, $2) },
    "Split": { try $0.split($1, $2) },
    "Gather": { try $0.gather($1, $2) },
    // Entry by entry: Operators/ONNXElementwise.swift, Operators/ONNXAffine.swift.
    "Relu": { try $0.append($1, $2, .rectifier) },
    "LeakyRelu": { try $0.leakyRectifier($1, $2) },
    "PRelu": { try $0.parametricRectifier($1, $2) },
    "Clip": { try $0.clip($1, $2) },
    "Max": { try $0.maximum($1, $2) },
    "Sum": { try $0.sum($1, $2) },
    "Add": { try $0.add($1, $2) },
    "Sub": { try $0.subtract($1, $2) },
    "Mul": { try $0.multiply($1, $2) },
    "Div": { try $0.divide($1, $2) },
    "BatchNormalization": { try $0.batchNormalization($1, $2) },
    // Over pixels: Operators/ONNXPools.swift.
    "MaxPool": { try $0.pool($1, $2) },
    "AveragePool": { try $0.pool($1, $2) },
    "GlobalAveragePool": { try $0.globalAverage($1, $2) },
    "GlobalMaxPool": { try $0.globalMaximum($1, $2) },
    "ReduceMean": { try $0.reduce($1, $2) },
    "ReduceSum": { try $0.reduce($1, $2) },
    "ReduceMax": { try $0.reduce($1, $2) },
    "Pad": { try $0.pad($1, $2) },
    // Of the same entries: Operators/ONNXShapes.swift, Operators/ONNXChoices.swift.
    "If": { try $0.choose($1, $2) },
    "Identity": { try $0.alias($1, $2) },
    "Dropout": { try $0.dropout($1, $2) },
    "Cast": { try $0.cast($1, $2) },
    "Flatten": { try $0.flatten($1, $2) },
    "Reshape": { try $0.reshape($1, $2) },
    "Transpose": { try $0.transpose($1, $2) },
    "Squeeze": { try $0.squeeze($1, $2) },
    "Unsqueeze": { try $0.unsqueeze($1, $2) },
    // At the end: Operators/ONNXHeads.swift.
    "Softmax": { try $0.head($1, $2) },
    "LogSoftmax": { try $0.head($1, $2) },
    "Sigmoid": { try $0.head($1, $2) },
    "ArgMax": { try $0.head($1, $2) },
    // Softmax in parts: Operators/ONNXWrittenHeads.swift.
    "Exp": { try $0.power($1, $2) },
    "Log": { try $0.power($1, $2) },
    "ReduceLogSumExp": { try $0.reduce($1, $2) },
  ]

  /// Of the family ai.onnx.ml, what stands around perceptrons: Operators/ONNXAffine.swift,
  /// Operators/ONNXHeads.swift.
  static let classical: [String: Reading] = [
    "Scaler": { try $0.scaler($1, $2) },
    "ZipMap": { try $0.zipMap($1, $2) },
  ]
}
