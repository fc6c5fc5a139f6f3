import Convolution
import Files
import Tickets

/// A target's architecture as lines of text, one a node: its name, what it is, and which nodes it
/// reads, parted by tabs.
///
/// A convolution is `conv <window> <input channels> <output channels>`, a pooling layer
/// `pool <kind> <window>`; any other layer is the name of its type or, where it has more to say,
/// its JSON as in `layer_graph`. Inputs are how many lines before the node they stand, and left out
/// where it reads the line before. Convolutions are numbered as they come.
struct CodedGraph {
  static func lines(of graph: LayerGraph) throws -> [String] {
    try graph.nodes.enumerated().map { index, node in
      let what: String
      switch node.operation {
      case .input: what = "input"
      case .convolution(let layer):
        what = "conv \(layer.window.codedText) \(layer.inputChannels) \(layer.outputChannels)"
      case .plain(.pooling(let pooling)): what = "pool \(pooling.kind.rawValue) \(pooling.window.codedText)"
      case .plain(let layer):
        let text = try json(layer)
        what = text == bare(layer.rules.typeName) ? layer.rules.typeName : text
      }
      let readsLast = node.inputs == (index == 0 ? [] : [index - 1])
      let inputs = node.inputs.map { String(index - $0) }.joined(separator: " ")
      return CodedField.quoted(node.name) + "\t" + what + (readsLast ? "" : "\t" + inputs)
    }
  }

  private static func bare(_ type: String) -> String { "{\"type\":\"\(type)\"}" }

  let source: String
  private var nodes: [LayerGraph.Node] = []
  private var layers = 0

  /// The architecture that lines describe, the first of them line `first` of the text.
  static func graph(
    _ lines: [Substring], input: ImageShape, output: Int, source: String, first: Int
  ) throws -> LayerGraph {
    var reader = CodedGraph(source: source)
    for (index, line) in lines.enumerated() { try reader.append(line, .line(first + index)) }
    do { return try LayerGraph(Graph(inputShape: input, nodes: reader.nodes, output: output)) } catch {
      throw TicketError.invalidTicket(
        at: "layer graph", expected: "layers that fit together, within limits", found: "\(error)")
    }
  }

  private init(source: String) { self.source = source }

  private mutating func append(_ line: Substring, _ place: FileError.Location) throws {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    let index = nodes.count
    var inputs = index == 0 ? [] : [index - 1]
    if fields.count == 3 {
      inputs = try fields[2].split(separator: " ").map { text in
        guard let back = Int(text), back > 0, back <= index else {
          throw wrong(place, "inputs of 1 to \(index) lines before", fields[2])
        }
        return index - back
      }
    }
    guard fields.count == 2 || fields.count == 3, let name = CodedField.unquoted(fields[0]) else {
      throw wrong(place, "a name, a layer and its inputs, parted by tabs", line)
    }
    let operation = try operation(fields[1], name, place)
    nodes.append(.init(name: name, operation: operation, inputs: inputs))
    if case .convolution = operation { layers += 1 }
  }

  private func operation(
    _ text: Substring, _ name: String, _ place: FileError.Location
  ) throws -> LayerGraph.Operation {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    switch words[0] {
    case "input": if words.count == 1 { return .input }
    case "conv":
      guard words.count == 4, let window = SlidingWindow(codedText: words[1]), let inputs = Int(words[2]),
        let outputs = Int(words[3])
      else { break }
      return .convolution(
        .init(number: layers + 1, name: name, window: window, inputChannels: inputs, outputChannels: outputs))
    case "pool":
      guard words.count == 3, let kind = Pooling.Kind(rawValue: String(words[1])),
        let window = SlidingWindow(codedText: words[2])
      else { break }
      return .plain(.pooling(Pooling(kind, window: window)))
    default:
      let isWord = text.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
      let json = isWord ? Self.bare(String(text)) : String(text)
      return .plain(try MetadataReader.value(of: json, key: "layer", source: source))
    }
    throw wrong(place, "a layer", text)
  }

  private func wrong(_ place: FileError.Location, _ expected: String, _ found: some StringProtocol) -> FileError {
    FileError(
      .malformed, source: source, at: [.key("text"), place], expected: expected,
      found: FileError.quoted(String(found)))
  }
}

/// A text that stands between tabs and line feeds: as it is or, where it has control characters or
/// begins with a quotation mark, as a JSON string.
package enum CodedField {
  /// The text as it stands in a line.
  package static func quoted(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 } && text.first != "\""
    return isPlain ? text : (try? json(text)) ?? text
  }

  /// The text of a field; nil for one that no text has.
  package static func unquoted(_ text: Substring) -> String? {
    guard text.first == "\"" else { return String(text) }
    var cursor = JSONCursor(Array(text.utf8), source: "", baseOffset: 0)
    guard let found = try? cursor.string(), (try? cursor.finish()) != nil else { return nil }
    return found
  }
}
