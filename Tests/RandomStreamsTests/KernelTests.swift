import RandomStreams
import Testing

/// The C kernels against the Swift reference: bits, never a tolerance. The reference has no fused
/// multiply-add, and no two variants share a vector width, so equal bits also say that no kernel
/// contracts a product and a sum.
@Suite struct KernelTests {
  static let address = StreamAddress(
    seed: 0x0123_4567_89AB_CDEF, path: StreamPath(filter: 1 << 40, channel: .max, layer: 6))
  /// Around a Philox block (4), eight of them (32), and a chunk (256).
  static let lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 72, 144, 255, 256, 257, 259, 511, 512, 513, 1000]
  static let starts = [0, 1, 2, 3, 4, 5, 255, 256, 257, 1 << 40, Int.max - 1000]

  @Test(arguments: StreamKernel.available) func fillsEqualTheReference(kernel: StreamKernel) {
    for start in Self.starts {
      let words = (0..<1000).map { Self.address.word(start + $0) }
      let normals = words.map { InverseNormal.normal(ofWord: $0) }
      for length in Self.lengths {
        #expect(entries(.word, length, start, kernel) == Array(words[..<length]))
        #expect(bits(entries(EntryKind<Double>.normal, length, start, kernel)) == bits(normals[..<length]))
        let rounded = normals[..<length].map { Float($0) }
        #expect(bits(entries(EntryKind<Float>.normal, length, start, kernel)) == bits(rounded))
      }
    }
  }

  @Test(arguments: StreamKernel.available) func uniformFillsEqualTheReference(kernel: StreamKernel) {
    for start in [0, 3] {
      let uniform = (0..<600).map { UniformStream.value(at: Self.address, entry: start + $0) }
      let symmetric = (0..<600).map { UniformStream.symmetricValue(at: Self.address, entry: start + $0) }
      #expect(entries(.uniform, 600, start, kernel) == uniform)
      #expect(entries(.symmetric, 600, start, kernel) == symmetric)
      #expect(uniform.allSatisfy { 0 <= $0 && $0 < 1 } && symmetric.allSatisfy { -1 < $0 && $0 < 1 && $0 != 0 })
    }
  }

  /// The public fills are the best kernel's, at the address given.
  @Test func publicFills() {
    var floats = [Float](repeating: 0, count: 70)
    var doubles = [Double](repeating: 0, count: 70)
    var words = [UInt64](repeating: 0, count: 70)
    floats.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: Self.address, startingAt: 5) }
    #expect(floats == (0..<70).map { Float(NormalStream.value(at: Self.address, entry: 5 + $0)) })
    doubles.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: Self.address, startingAt: 5) }
    #expect(doubles == (0..<70).map { NormalStream.value(at: Self.address, entry: 5 + $0) })
    doubles.withUnsafeMutableBufferPointer { UniformStream.fill($0, at: Self.address) }
    #expect(doubles == (0..<70).map { UniformStream.value(at: Self.address, entry: $0) })
    doubles.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: Self.address) }
    #expect(doubles == (0..<70).map { UniformStream.symmetricValue(at: Self.address, entry: $0) })
    words.withUnsafeMutableBufferPointer { UniformStream.fillWords($0, at: Self.address) }
    #expect(words == (0..<70).map { Self.address.word($0) })
  }

  /// Rows of every kind of length, filters out of order and repeated; what lies between rows stays.
  @Test(arguments: StreamKernel.available) func rowsAreStreams(kernel: StreamKernel) {
    let filters: [UInt32] = [9, 2, 2, .max, 0, 77, 5]
    for columns in [0, 1, 3, 4, 27, 72, 144, 255, 256, 257, 600] {
      for (gap, start) in [(0, 0), (0, 3), (5, 2)] {
        let leading = columns + gap
        var values = [Float](repeating: 99, count: max(0, filters.count * leading - gap))
        var expected = values
        for (row, filter) in filters.enumerated() {
          var address = Self.address
          address.path.filter = UInt64(filter)
          for column in 0..<columns {
            expected[row * leading + column] = Float(NormalStream.value(at: address, entry: start + column))
          }
        }
        values.withUnsafeMutableBufferPointer { values in
          filters.withUnsafeBufferPointer { filters in
            kernel.fillRows(
              values, leadingDimension: leading, columns: columns, filters: filters, with: .normal, at: Self.address,
              startingAt: start)
          }
        }
        #expect(values == expected, "\(columns) columns, \(leading) apart, from \(start)")
      }
    }
  }

  /// However a stream is cut, and in whatever order its pieces are made, its entries are the same.
  @Test func orderAndPiecesDoNotMatter() {
    let whole = entries(EntryKind<Double>.normal, 2000, 0, .best)
    var pieces = [Double](repeating: 0, count: 2000)
    let cuts = [0, 1, 6, 7, 300, 301, 558, 1024, 1999, 2000]
    pieces.withUnsafeMutableBufferPointer { pieces in
      for piece in (1..<cuts.count).reversed() {
        let range = cuts[piece - 1]..<cuts[piece]
        NormalStream.fill(
          UnsafeMutableBufferPointer(rebasing: pieces[range]), at: Self.address, startingAt: range.lowerBound)
      }
    }
    #expect(pieces == whole)
  }

  /// Words that reach every branch and its edges, from 0 to 2⁶⁴ − 1: a stream would need 10¹¹
  /// entries for some.
  @Test(arguments: StreamKernel.available) func craftedWords(kernel: StreamKernel) {
    let words = CraftedWords.all
    #expect(words.contains { InverseNormal.normal(ofWord: $0) < -7 })
    #expect(words.contains { InverseNormal.normal(ofWord: $0) > 7 })
    let normals = words.map { InverseNormal.normal(ofWord: $0) }
    #expect(bits(converted(words, .normal, kernel)) == bits(normals))
    #expect(bits(converted(words, EntryKind<Float>.normal, kernel)) == bits(normals.map(Float.init)))
    #expect(converted(words, .uniform, kernel) == words.map { Double($0 >> 11) * 0x1p-53 })
    #expect(converted(words, .symmetric, kernel) == words.map { 2 * InverseNormal.centered(ofWord: $0) })
  }

  private func entries<Element: Numeric>(
    _ kind: EntryKind<Element>, _ length: Int, _ start: Int, _ kernel: StreamKernel
  ) -> [Element] {
    // Guards on both sides: a fill writes nothing else.
    var values = [Element](repeating: 99, count: length + 2)
    values.withUnsafeMutableBufferPointer {
      kernel.fill(
        UnsafeMutableBufferPointer(rebasing: $0[1..<length + 1]), with: kind, at: Self.address, startingAt: start)
    }
    #expect(values.first == 99 && values.last == 99)
    return Array(values[1..<length + 1])
  }

  private func converted<Element: Numeric>(
    _ words: [UInt64], _ kind: EntryKind<Element>, _ kernel: StreamKernel
  ) -> [Element] {
    var values = [Element](repeating: 99, count: words.count)
    words.withUnsafeBufferPointer { words in
      values.withUnsafeMutableBufferPointer { kernel.convert(words, into: $0, with: kind) }
    }
    return values
  }

  private func bits(_ values: some Sequence<Double>) -> [UInt64] { values.map(\.bitPattern) }
  private func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
}

/// Words at the ends, at the median, on a logarithmic grid towards both, and on either side of each
/// branch.
enum CraftedWords {
  static let all: [UInt64] = {
    var words: [UInt64] = [0, .max, 1 << 63, (1 << 63) - 1, 1, 1 << 11, (1 << 11) - 1, 1 << 62, 3 << 62]
    // Φ⁻¹ changes formula at 1/2 ± 0.425 and at e⁻²⁵ = 1.3888e-11.
    for edge in [0.075, 0.925, 1.388794386496402e-11] {
      let word = UInt64(edge * 0x1p64)
      for cell in 0..<64 { words += [word + UInt64(cell) << 11, word - UInt64(cell) << 11] }
    }
    var step = 3.0
    while step < 0x1p63 {
      let distance = UInt64(step)
      words += [distance, (1 << 63) + distance]
      step *= 1.03
    }
    return words + words.map { ~$0 }
  }()
}
