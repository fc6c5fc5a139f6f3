import Files

/// What to do about operators that are not read.
enum ONNXAdvice {
  private static let smooth =
    "which is no ReLU and has no ticket here: train or fine-tune the network with ReLU in its place"
  private static let statistics =
    "whose factors depend on the image: train with batch normalisation in its place, which becomes part of a layer"

  static let lines: [String: String] = [
    "Min": "a bound from above (ReLU6 = relu(x) − relu(x − 6)): use plain ReLU in its place",
    "HardSwish": smooth, "HardSigmoid": smooth, "Gelu": smooth, "Elu": smooth, "Selu": smooth, "Celu": smooth,
    "Mish": smooth, "Softplus": smooth, "Softsign": smooth, "Tanh": smooth, "Erf": smooth, "Swish": smooth,
    "ThresholdedRelu": smooth, "LRN": statistics, "InstanceNormalization": statistics,
    "GroupNormalization": statistics, "LayerNormalization": statistics, "MeanVarianceNormalization": statistics,
    "RMSNormalization": statistics, "LpNormalization": statistics,
    "ConvTranspose": "upsampling, which no classifier here has: name the value before it with --output-name",
    "Resize": "resizing: resize the images before they are given", "Upsample": "resizing: do it before, on the images",
    "Loop": "a loop: export the model with the loop unrolled",
    "LSTM": "a recurrent layer: only feed-forward networks are read",
    "GRU": "a recurrent layer: only feed-forward networks are read",
    "RNN": "a recurrent layer: only feed-forward networks are read",
    "Attention": "attention: only convolutional networks are read",
    "Einsum": "a general product: export it as MatMul or Gemm",
    "QuantizeLinear": "quantised values: export the model in floating point",
    "QLinearConv": "quantised values: export the model in floating point",
    "ConvInteger": "quantised values: export the model in floating point",
    "MatMulInteger": "quantised values: export the model in floating point",
    "GlobalLpPool": "an average of powers: use GlobalAveragePool", "LpPool": "an average of powers: use AveragePool",
    "ReduceL2": "a norm: name the value before it with --output-name",
  ]

  /// A line of advice on a node that is not read.
  static func line(for node: ONNXNode) -> String {
    if !node.domain.isEmpty && node.domain != "ai.onnx" {
      if node.domain.hasPrefix("com.microsoft") {
        return "an operator of ONNX Runtime's optimiser: save the model unoptimised "
          + "(graph_optimization_level ORT_ENABLE_BASIC at most)"
      }
      if node.domain.hasPrefix("ai.onnx.ml") {
        return "an operator of classical models: only neural networks are read"
      }
      return "of a family of operators that is not read: export the model with ONNX's own operators"
    }
    return lines[node.operatorType]
      ?? "an operator that is not read: simplify the model (onnxsim), or name the value before it with --output-name"
  }
}

extension ONNXAdvice {
  /// Operators whose value has their first input's shape, so that what comes behind one that is not
  /// read can be looked at.
  static func keepsShape(_ node: ONNXNode) -> Bool {
    let others: Set<String> = [
      "Clip", "LeakyRelu", "PRelu", "Max", "Add", "Sub", "Mul", "Div", "BatchNormalization", "Pow",
    ]
    return lines[node.operatorType] == smooth || lines[node.operatorType] == statistics
      || node.operatorType == "Min" || others.contains(node.operatorType)
  }

  /// The refusal of a node that is not read.
  static func error(for node: ONNXNode, _ index: Int, source: String) -> FileError {
    let name = (node.domain.isEmpty ? "" : node.domain + ".") + node.operatorType
    return FileError(
      .unsupported, source: source, at: [.node(index, "\(node.operatorType) \(node.name)")],
      expected: "layers of a convolutional network with Relu", found: "the operator \(name), \(line(for: node))")
  }
}

extension ONNXGraphReader {
  func unsupported(_ node: ONNXNode, _ index: Int) -> FileError {
    ONNXAdvice.error(for: node, index, source: document.source)
  }
}
