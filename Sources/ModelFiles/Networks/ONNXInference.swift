import Files

/// What says that a layer which behaves otherwise in training is meant as it behaves in inference.
extension ONNXGraphReader {
  /// Refuses BatchNormalization and Dropout in training: outputs would depend on the other images
  /// of a batch, or on chance.
  ///
  /// `training_mode` says it from operator set 14 (Dropout: 12, as an input). Before,
  /// BatchNormalization with more than one output is training; below operator set 7 it and Dropout
  /// are unless `is_test` says otherwise.
  func requireInference(_ node: ONNXNode, _ index: Int) throws {
    let isNorm = node.operatorType == "BatchNormalization"
    let version = document.operatorSetVersion ?? 17
    func refuse(_ expected: String, _ found: String) -> FileError {
      problem(
        node, index, expected: expected + ": inference (export the model in evaluation mode)", found: found)
    }
    if try integer(node, "training_mode", default: 0, index) != 0 { throw refuse("training_mode 0", "1") }
    if version < 7, try integer(node, "is_test", default: 0, index) == 0 { throw refuse("is_test 1", "0") }
    if isNorm {
      let outputs = node.outputs.count { !$0.isEmpty }
      guard outputs <= 1 else {
        throw refuse("one output", "\(outputs), the mode of training before operator set 14")
      }
      if version < 9, try integer(node, "spatial", default: 1, index) == 0 {
        throw problem(node, index, expected: "spatial 1: numbers per channel", found: "0")
      }
    } else if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard case .boolean([false])? = try constantInput(node, 2, index)?.values else {
        throw refuse("training_mode false", "true or none")
      }
    }
  }
}
