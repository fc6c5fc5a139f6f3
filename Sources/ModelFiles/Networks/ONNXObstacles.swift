import Convolution
import Files

/// Everything that keeps a document from being read, as far as it can be told.
///
/// Behind a node that is not read its input's value stands in for its own where the operator keeps
/// shapes; behind others nodes are looked at by their operators alone.
struct ONNXObstacles {
  /// A sentence each, those of one operator and reason together.
  let texts: [String]

  init(of document: ONNXDocument, _ options: ONNXReadingOptions) {
    var general: [String] = []
    var document = document
    func attempt(_ step: () throws -> Void) {
      do { try step() } catch { general.append(Self.text(error)) }
    }
    attempt { document = try document.withFunctionsInlined() }
    attempt { document = try document.choosing(options) }
    var readings: [ONNXInput] = []
    attempt { readings = try ONNXInput.readings(of: document) }
    if readings.isEmpty {
      // Nodes are looked at all the same, with sizes that are but a guess.
      if document.outputs.count > 1 { document.outputs = [document.outputs[0]] }
      readings = (try? ONNXInput.readings(of: document)) ?? []
    }
    var best: [String]?
    for input in readings {
      guard var reader = try? ONNXGraphReader(document, input) else { continue }
      let found = Self.grouped(reader.obstacles())
      if found.count < best?.count ?? .max { best = found }
    }
    texts = general + (best ?? Self.grouped(Self.unknownOperators(in: document)))
  }

  /// Live nodes whose operators are not read, whatever they read.
  private static func unknownOperators(in document: ONNXDocument) -> [(node: ONNXNode, index: Int, error: any Error)] {
    document.liveNodes().compactMap { index in
      let node = document.nodes[index]
      return ONNXGraphReader.knows(node)
        ? nil : (node, index, ONNXAdvice.error(for: node, index, source: document.source))
    }
  }

  private static func grouped(_ found: [(node: ONNXNode, index: Int, error: any Error)]) -> [String] {
    var order: [String] = []
    var groups: [String: (first: String, count: Int)] = [:]
    for (node, _, error) in found {
      let text = Self.text(error)
      // What is said behind the node's place.
      let key = node.operatorType + " " + (text.range(of: ": expected").map { String(text[$0.lowerBound...]) } ?? text)
      if groups[key] == nil { order.append(key) }
      groups[key] = (groups[key]?.first ?? text, (groups[key]?.count ?? 0) + 1)
    }
    return order.compactMap { key in
      groups[key].map { $0.first + ($0.count > 1 ? " (and \($0.count - 1) more of the kind)" : "") }
    }
  }

  /// What an error says, without the file's name.
  static func text(_ error: any Error) -> String {
    guard let error = error as? FileError else { return "\(error)" }
    let text = error.description
    let prefix = FileError.singleLine(error.source) + ": "
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
  }
}

extension ONNXGraphReader {
  /// Whether an operator is read, or computed from constants.
  static func knows(_ node: ONNXNode) -> Bool {
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      return node.domain == "ai.onnx.ml" && ONNXOperators.classical[node.operatorType] != nil
    }
    return node.operatorType == "Constant" || ONNXOperators.table[node.operatorType] != nil
      || folded.contains(node.operatorType)
  }

  /// Reads on behind nodes that are not read, and says what stands in the way.
  mutating func obstacles() -> [(node: ONNXNode, index: Int, error: any Error)] {
    var found: [(node: ONNXNode, index: Int, error: any Error)] = []
    var unknown: Set<String> = []
    countReaders()
    for index in document.liveNodes() {
      let node = document.nodes[index]
      let isBehindUnknown = node.reads.contains { unknown.contains($0) }
      if isBehindUnknown {
        if !Self.knows(node) {
          found.append((node, index, ONNXAdvice.error(for: node, index, source: document.source)))
        }
        unknown.formUnion(node.outputs)
        continue
      }
      do { try read(node, index) } catch {
        found.append((node, index, error))
        let input = node.inputs.first { values[$0] != nil }
        if ONNXAdvice.keepsShape(node), let input, let output = node.outputs.first, var value = values[input] {
          (value.head, value.padding) = (nil, nil)
          values[output] = value
        } else {
          unknown.formUnion(node.outputs)
        }
      }
    }
    return found
  }
}
