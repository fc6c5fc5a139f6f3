import Foundation

/// A network's layers as a drawing: a box a layer, with its value's shape, lines to those that read
/// it, from the input down.
///
/// Boxes of a chain stand below each other; where values are used again later, the way there is a
/// curve beside the chain.
public struct GraphPicture: Sendable {
  /// A layer as it is drawn.
  public struct Node: Sendable, Codable, Hashable {
    /// The layer's name.
    public let name: String
    /// What it does, in a few words.
    public let summary: String
    /// Sizes of its value.
    public let shape: [Int]
    /// Places of the layers that it reads, all of them before its own.
    public let inputs: [Int]

    /// A layer from its parts.
    public init(name: String, summary: String, shape: [Int], inputs: [Int]) {
      self.name = name
      self.summary = summary
      self.shape = shape
      self.inputs = inputs
    }
  }

  /// Sizes of a drawing, in pixels.
  private enum Size {
    static let box = (width: 300, height: 36)
    static let gap = 26
    static let margin = 12
    static let lane = 14
    static let letters = 42
  }

  /// The most boxes; of larger networks the first ones are drawn.
  static let mostNodes = 400

  private let nodes: [Node]
  private let left: Int

  /// A picture of layers in the order in which they are computed; lines to places that are not
  /// before a layer's own are left out.
  public init(_ nodes: [Node]) {
    self.nodes = Array(nodes.prefix(Self.mostNodes))
    left = max(0, nodes.count - Self.mostNodes)
  }

  /// The drawing as an SVG document.
  public var svg: String {
    let lanes = lanes()
    let width = 2 * Size.margin + Size.box.width + ((lanes.map(\.lane).max() ?? -1) + 1) * Size.lane + 8
    let rows = nodes.count + (left > 0 ? 1 : 0)
    let height = 2 * Size.margin + rows * Size.box.height + max(0, rows - 1) * Size.gap
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\" font-size=\"11\">",
      "<rect width=\"\(width)\" height=\"\(height)\" fill=\"white\"/>",
    ]
    for (place, node) in nodes.enumerated() where node.inputs.contains(place - 1) {
      let x = Size.margin + Size.box.width / 2
      parts.append(line("M\(x) \(bottom(place - 1))V\(top(place))"))
      let y = top(place)
      parts.append("<path d=\"M\(x - 4) \(y - 6)L\(x) \(y)L\(x + 4) \(y - 6)\" fill=\"none\" stroke=\"#555\"/>")
    }
    for way in lanes {
      let edge = Size.margin + Size.box.width
      let x = edge + (way.lane + 1) * Size.lane
      let (from, to) = (middle(way.from) + 6, middle(way.to) - 6)
      parts.append(
        line("M\(edge) \(from)H\(x - 4)Q\(x) \(from) \(x) \(from + 4)V\(to - 4)Q\(x) \(to) \(x - 4) \(to)H\(edge)"))
      parts.append(
        "<path d=\"M\(edge + 6) \(to - 4)L\(edge) \(to)L\(edge + 6) \(to + 4)\" fill=\"none\" stroke=\"#555\"/>")
    }
    for (place, node) in nodes.enumerated() { parts.append(box(node, place)) }
    if left > 0 { parts.append(text("… \(left) more", Size.margin + 8, top(nodes.count) + 20)) }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func top(_ place: Int) -> Int { Size.margin + place * (Size.box.height + Size.gap) }
  private func middle(_ place: Int) -> Int { top(place) + Size.box.height / 2 }
  private func bottom(_ place: Int) -> Int { top(place) + Size.box.height }

  private func line(_ path: String) -> String {
    "<path d=\"\(path)\" fill=\"none\" stroke=\"#555\"/>"
  }

  private func text(_ text: String, _ x: Int, _ y: Int, weight: String = "normal", anchor: String = "start") -> String {
    "<text x=\"\(x)\" y=\"\(y)\" font-weight=\"\(weight)\" text-anchor=\"\(anchor)\">\(HTMLText.escaped(text))</text>"
  }

  private func box(_ node: Node, _ place: Int) -> String {
    let (x, y) = (Size.margin, top(place))
    let hasWeights = node.summary.hasPrefix("convolution") || node.summary.hasPrefix("dense")
    let fill = node.inputs.isEmpty ? "#e8f0e0" : hasWeights ? "#dce8f6" : "#f4f4f4"
    let shape = node.shape.map { "\($0)" }.joined(separator: "×")
    func short(_ text: String, _ letters: Int) -> String {
      text.count > letters ? text.prefix(letters - 1) + "…" : text
    }
    return "<g><title>\(HTMLText.escaped(node.name)): \(HTMLText.escaped(node.summary))</title>"
      + "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(Size.box.width)\" height=\"\(Size.box.height)\" rx=\"4\" "
      + "fill=\"\(fill)\" stroke=\"#555\"/>"
      + text(short(node.summary, Size.letters), x + 8, y + 15, weight: "bold")
      + text(short(node.name, Size.letters - 14), x + 8, y + 29)
      + text(shape, x + Size.box.width - 8, y + 29, anchor: "end") + "</g>"
  }

  /// Ways that pass other layers, each in a lane where no other way is at the time.
  private func lanes() -> [(from: Int, to: Int, lane: Int)] {
    var free: [Int] = []
    var ways: [(from: Int, to: Int, lane: Int)] = []
    for (place, node) in nodes.enumerated() {
      for source in Set(node.inputs).sorted() where source >= 0 && source < place - 1 {
        ways.append((source, place, 0))
      }
    }
    ways.sort { ($0.from, $0.to) < ($1.from, $1.to) }
    for index in ways.indices {
      let lane = free.firstIndex { $0 <= ways[index].from } ?? free.count
      if lane == free.count { free.append(0) }
      free[lane] = ways[index].to
      ways[index].lane = lane
    }
    return ways
  }
}
