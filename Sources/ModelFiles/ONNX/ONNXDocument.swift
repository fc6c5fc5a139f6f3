import Files
import Foundation
import SwiftProtobuf

/// An ONNX model as plain values: what its file says, without any view on what it means.
///
/// Read are the graph's inputs, outputs, nodes and initialisers, functions of the model's own, the
/// operator sets, and who wrote it. What else a file may hold, such as training information and the
/// shapes of inner values, is skipped.
public struct ONNXDocument: Sendable, Equatable {
  /// The version of the file format; 8 goes with operator sets 15 to 18 and later readers take it.
  public var formatVersion: Int
  /// The families of operators and their versions.
  public var operatorSets: [ONNXOperatorSet]
  /// The program that wrote the file.
  public var producerName: String
  /// The version of that program.
  public var producerVersion: String
  /// Free text by key, in the file's order.
  public var metadata: [(key: String, value: String)]
  /// The name of the graph; may not be empty.
  public var graphName: String
  /// What the graph takes. Old files list the initialisers here too.
  public var inputs: [ONNXValue]
  /// What the graph gives.
  public var outputs: [ONNXValue]
  /// The operations in the file's order.
  public var nodes: [ONNXNode]
  /// The tensors whose values the file holds. No name is empty or occurs twice in a file that was
  /// read.
  public var initializers: [ONNXTensor]
  /// Functions that nodes may call like operators.
  public var functions: [ONNXFunction] = []
  /// The file's path or the name of its bytes, for messages; it plays no part in comparisons.
  public let source: String

  /// A model from its parts. It is checked when it is written.
  public init(
    graphName: String, inputs: [ONNXValue], outputs: [ONNXValue], nodes: [ONNXNode], initializers: [ONNXTensor],
    operatorSets: [ONNXOperatorSet] = [ONNXOperatorSet(version: 17)], formatVersion: Int = 8,
    producerName: String = "tombola", producerVersion: String = "", metadata: [(key: String, value: String)] = [],
    source: String = "(in memory)"
  ) {
    self.graphName = graphName
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.initializers = initializers
    self.operatorSets = operatorSets
    self.formatVersion = formatVersion
    self.producerName = producerName
    self.producerVersion = producerVersion
    self.metadata = metadata
    self.source = source
  }

  /// Reads the file at `path`.
  ///
  /// Tensors that it keeps in files beside it are read too; nothing outside its folder is.
  public init(path: String) throws(FileError) {
    try self.init(reading: ByteSource(path: path), folder: ONNXExternalData.folder(of: path))
  }

  /// Reads a whole file from its bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call it in messages.
  /// - Throws: `FileError` if the bytes are not a model, a tensor's size is not that of its
  ///   shape, or the model uses external data, sparse initialisers, values that are not tensors, or
  ///   element types that are not read.
  public init(bytes: Data, source: String) throws(FileError) {
    try self.init(reading: ByteSource(bytes, name: source))
  }

  /// Reads a file whose structure is scanned first: only what is a model of bounded size is
  /// decoded.
  ///
  /// - Parameter folder: where tensors kept in other files are looked for; nil refuses them.
  init(reading source: ByteSource, folder: String? = nil) throws(FileError) {
    try ONNXScan(source).check()
    self = try ONNXReader(source: source.name, folder: folder).document(try Self.message(source))
  }

  private static func message(_ source: ByteSource) throws(FileError) -> Tombola_Onnx_ModelProto {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = ONNXScan.greatestDepth + 8
    let bytes = try source.bytes(0..<source.count)
    do {
      return try Tombola_Onnx_ModelProto(serializedBytes: bytes, options: options)
    } catch { throw notAModel(source, reason(error)) }
  }

  static func notAModel(_ source: ByteSource, _ reason: String) -> FileError {
    FileError(
      .malformed, source: source.name, expected: "an ONNX model, in the encoding of protocol buffers",
      found: "\(source.count) bytes that are not: \(reason)")
  }

  /// The version of ONNX's own operators that the model is written for, or nil if it does not say.
  public var operatorSetVersion: Int? {
    operatorSets.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }?.version
  }

  /// The initialiser called `name`, or nil if there is none.
  public func initializer(_ name: String) -> ONNXTensor? {
    initializers.first { $0.name == name }
  }

  /// The file's bytes. The same model gives the same bytes: fields in the order of their numbers,
  /// lists as given, values as raw little-endian bytes.
  ///
  /// - Throws: `FileError` if a name that the format demands is empty or repeated, a size is
  ///   negative, an attribute is of a type that is not written, or the file would exceed 2 GiB.
  public func serialized() throws(FileError) -> Data {
    let message = try ONNXWriter(source: source).message(self)
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    do {
      return try message.serializedBytes(options: options)
    } catch {
      throw FileError(
        .tooLarge, source: source, expected: "a model below 2 GiB, as protocol buffers demand",
        found: "one that cannot be encoded: \(Self.reason(error))")
    }
  }

  /// Whether all parts, in their order, are the same.
  public static func == (left: ONNXDocument, right: ONNXDocument) -> Bool {
    left.formatVersion == right.formatVersion && left.operatorSets == right.operatorSets
      && left.producerName == right.producerName && left.producerVersion == right.producerVersion
      && left.metadata.elementsEqual(right.metadata, by: ==) && left.graphName == right.graphName
      && left.inputs == right.inputs && left.outputs == right.outputs && left.nodes == right.nodes
      && left.initializers == right.initializers && left.functions == right.functions
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? BinaryDecodingError else { return "\(error)" }
    switch error {
    case .truncated: return "they end in the middle of a field"
    case .invalidUTF8: return "a text is not UTF-8"
    case .malformedProtobuf: return "a field is malformed"
    case .messageDepthLimit: return "messages are nested too deep"
    default: return "\(error)"
    }
  }
}
