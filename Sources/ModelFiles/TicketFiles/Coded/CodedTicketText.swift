import Convolution
import Files
import Tickets

/// What a coded ticket says in words, a line each: generator; seed, width, mode, whether the search
/// ended by itself and whether a digest of the target's file follows; input range and options of
/// the search as JSON; the scales' exponents; the input's height, width and channels and the number
/// of the output's node; and then the nodes (`CodedGraph`).
struct CodedTicketText {
  let generator: String
  let seed: UInt64
  let width: Int
  let mode: PruningMode
  let isComplete: Bool
  let namesTargetFile: Bool
  let inputRange: InputRange
  let search: SearchPlan?
  let scales: [Double]
  let graph: LayerGraph

  /// Lines before those of the nodes.
  private static let firstNode = 6

  init(_ file: TicketFile) {
    let ticket = file.ticket
    generator = file.generator
    (seed, width, mode, isComplete) = (ticket.seed, ticket.width, ticket.mode, ticket.isComplete)
    namesTargetFile = file.targetFileDigest != nil
    (inputRange, search, scales, graph) = (ticket.inputRange, file.search, ticket.scales, ticket.graph)
  }

  /// The text, each line with a line feed.
  func text() throws -> String {
    let input = graph.inputShape
    let lines = [
      CodedField.quoted(generator), "\(seed) \(width) \(mode.rawValue) \(isComplete) \(namesTargetFile)",
      try json([inputRange.low, inputRange.high]), try search.map { try json($0) } ?? "",
      scales.map { String($0.exponent) }.joined(separator: " "),
      "\(input.height) \(input.width) \(input.channels) \(graph.output)",
    ]
    return try (lines + CodedGraph.lines(of: graph)).map { $0 + "\n" }.joined()
  }

  /// What a text says.
  ///
  /// - Throws: `FileError` for a text that is none, `TicketError` for one that contradicts itself.
  init(_ text: String, source: String) throws {
    let firstNode = Self.firstNode
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    func wrong(_ line: Int, _ expected: String) -> FileError {
      FileError(
        .malformed, source: source, at: [.key("text"), .line(line)], expected: expected,
        found: lines.count >= line ? FileError.quoted(String(lines[line - 1])) : "the end of the text")
    }
    guard lines.count > firstNode + 1, lines.last == "" else {
      throw wrong(lines.count, "\(firstNode) lines and the nodes', each with its end")
    }
    func value<Value: Decodable>(_ line: Int, _ key: String) throws -> Value {
      try MetadataReader.value(of: String(lines[line - 1]), key: key, source: source)
    }
    guard let generator = CodedField.unquoted(lines[0]) else { throw wrong(1, "the generator") }
    let words = lines[1].split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 5, let seed = UInt64(words[0]), let width = Int(words[1]),
      let mode = PruningMode(rawValue: String(words[2])), let isComplete = Bool(String(words[3])),
      let namesTargetFile = Bool(String(words[4]))
    else { throw wrong(2, "seed, width, mode, and true or false twice") }
    self.generator = generator
    (self.seed, self.width, self.mode) = (seed, width, mode)
    (self.isComplete, self.namesTargetFile) = (isComplete, namesTargetFile)
    let range: [Double] = try value(3, "input_range")
    guard range.count == 2 else { throw wrong(3, "two numbers") }
    inputRange = try InputRange(low: range[0], high: range[1])
    search = lines[3].isEmpty ? nil : try value(4, "search")
    scales = try lines[4].split(separator: " ").map {
      guard let exponent = Int($0) else { throw wrong(5, "exponents of the scales") }
      return Double(sign: .plus, exponent: max(-2000, min(2000, exponent)), significand: 1)
    }
    let sizes = lines[firstNode - 1].split(separator: " ").compactMap { Int($0) }
    guard sizes.count == 4 else { throw wrong(firstNode, "height, width, channels and the output's node") }
    graph = try CodedGraph.graph(
      Array(lines[firstNode..<lines.count - 1]),
      input: ImageShape(height: sizes[0], width: sizes[1], channels: sizes[2]), output: sizes[3], source: source,
      first: firstNode + 1)
  }
}
