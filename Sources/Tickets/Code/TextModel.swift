/// What is known of the next bit of a ticket's text, from the bytes before it.
///
/// Each bit has five contexts: the last 4, 3, 2, 1 or 0 bytes, each with the bits of the byte so
/// far. A context counts the zeros and ones that it has seen, to three of each. The longest context
/// that has been seen before is believed: its length and counts name a cell, and the cell's own
/// counts of what came in that situation are the chances. Before anything is coded the model reads
/// a text of the same kind, `TextModel.example`, so that the usual costs little.
package struct TextModel {
  /// Bytes of history in each context, the longest first.
  private static let orders: [UInt64] = [4, 3, 2, 1, 0]
  /// Counts of a cell together, beyond which they are halved.
  private static let greatestCount: UInt64 = 255

  /// The last bytes, the latest lowest.
  private var history: UInt64 = 0
  /// Per context 4 · zeros + ones, to three of each.
  private var contexts: [UInt64: UInt8] = [:]
  /// Per cell the counts of zeros and ones: 16 cells for each order, and one for what is new.
  private var cells: [(zeros: UInt64, ones: UInt64)]

  /// The model that has read `example`.
  package static let primed: TextModel = {
    var model = TextModel()
    var reader = Echo()
    for byte in example.utf8 { _ = model.code(byte, with: &reader) }
    return model
  }()

  private init() {
    cells = []
    for _ in Self.orders {
      for counts in UInt64(0)..<16 { cells.append((2 * (counts / 4) + 1, 2 * (counts % 4) + 1)) }
    }
    cells.append((1, 1))
  }

  /// Codes a byte, and learns it.
  package mutating func code(_ byte: UInt8, with coder: inout some BitCoder) -> UInt8 {
    var bits: UInt64 = 1
    for place in (0..<8).reversed() {
      let keys = Self.orders.map { key($0, bits) }
      let seen = keys.indices.first { contexts[keys[$0]] != nil }
      let cell = seen.map { 16 * $0 + Int(contexts[keys[$0]] ?? 0) } ?? cells.count - 1
      let (zeros, ones) = cells[cell]
      let bit = coder.code(byte >> UInt8(place) & 1 == 1, ones: ones, of: zeros + ones)
      count(bit, in: cell)
      for key in keys { contexts[key] = Self.counts(contexts[key] ?? 0, with: bit) }
      bits = bits << 1 | (bit ? 1 : 0)
    }
    history = history << 8 | bits & 255
    return UInt8(truncatingIfNeeded: bits)
  }

  /// A number for a context: its order, its bytes, and the bits of the byte so far behind a one.
  private func key(_ order: UInt64, _ bits: UInt64) -> UInt64 {
    order << 60 | (history & ((1 << (8 * order)) - 1)) << 8 | bits
  }

  private mutating func count(_ bit: Bool, in cell: Int) {
    if bit { cells[cell].ones += 2 } else { cells[cell].zeros += 2 }
    guard cells[cell].zeros + cells[cell].ones > Self.greatestCount else { return }
    cells[cell] = ((cells[cell].zeros + 1) / 2, (cells[cell].ones + 1) / 2)
  }

  /// The counts of a context, 4 · zeros + ones, after another bit: that bit's grow to 3, and three
  /// of the other become 2.
  private static func counts(_ counts: UInt8, with bit: Bool) -> UInt8 {
    let (zeros, ones) = (counts / 4, counts % 4)
    return bit ? min(zeros, 2) * 4 + min(ones + 1, 3) : min(zeros + 1, 3) * 4 + min(ones, 2)
  }
}

/// Returns what it is given.
private struct Echo: BitCoder {
  mutating func code(_ bit: Bool, ones: UInt64, of total: UInt64) -> Bool { bit }
}
