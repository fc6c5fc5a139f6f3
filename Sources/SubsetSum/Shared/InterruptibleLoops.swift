import RunControl

/// Long loops that ask now and then whether the run may go on. A question costs some 25 ns where
/// there is a time limit.
extension RunControl {
  /// Calls `body` with one piece of a range after another, and asks before each piece.
  ///
  /// - Throws: `Interruption` when the run must stop.
  @inline(__always)
  func inPieces(_ range: Range<Int>, of length: Int, _ body: (Range<Int>) -> Void) throws(Interruption) {
    var start = range.lowerBound
    while start < range.upperBound {
      try checkInterruption()
      let end = min(range.upperBound, start &+ length)
      body(start..<end)
      start = end
    }
  }

  /// Calls `body` for each index, and asks each time so many have been done.
  ///
  /// - Throws: `Interruption` when the run must stop.
  @inline(__always)
  func forEach(_ range: Range<Int>, askingEvery length: Int, _ body: (Int) -> Void) throws(Interruption) {
    try inPieces(range, of: length) { for i in $0 { body(i) } }
  }

  /// The values of `body` for each index, in order.
  ///
  /// - Throws: `Interruption` when the run must stop.
  @inline(__always)
  func map<Value>(
    _ range: Range<Int>, askingEvery length: Int, _ body: (Int) -> Value
  ) throws(Interruption) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(range.count)
    try forEach(range, askingEvery: length) { values.append(body($0)) }
    return values
  }

  /// Sorts keys without ties, ascending. For other modules, where the sort of any entries is not
  /// compiled for them: it takes ten times as long there.
  ///
  /// - Throws: `Interruption` when the run must stop; the keys are then in any order.
  package func sort(_ keys: inout [UInt64]) throws(Interruption) { try sort(&keys, by: <) }

  /// Sorts entries of a trivial type by a total order without ties, so that only one result is
  /// right.
  ///
  /// Pieces that take a millisecond or two are sorted by the library, then merged pairwise. Cost:
  /// n·log n; memory: a copy.
  ///
  /// - Throws: `Interruption` when the run must stop; the entries are then in any order.
  package func sort<Element>(
    _ values: inout [Element], by precedes: (Element, Element) -> Bool
  ) throws(Interruption) {
    precondition(_isPOD(Element.self), "entries of a trivial type")
    let (count, piece) = (values.count, 1 << 14)
    if count <= piece { return values.sort(by: precedes) }
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
    defer { copy.deallocate() }
    var interruption: Interruption?
    values.withUnsafeMutableBufferPointer { all in
      do throws(Interruption) {
        try inPieces(0..<count, of: piece) {
          var part = UnsafeMutableBufferPointer(rebasing: all[$0])
          part.sort(by: precedes)
        }
        var (source, target) = (all.baseAddress!, copy.baseAddress!)
        var length = piece
        while length < count {
          for start in stride(from: 0, to: count, by: 2 * length) {
            let (middle, end) = (min(count, start + length), min(count, start + 2 * length))
            try merge(source, start, middle, end, into: target, precedes)
          }
          swap(&source, &target)
          length *= 2
        }
        if source != all.baseAddress! { all.baseAddress!.update(from: source, count: count) }
      } catch {
        interruption = error
      }
    }
    if let interruption { throw interruption }
  }

  /// Merges the sorted ranges `start..<middle` and `middle..<end`.
  @inline(__always)
  private func merge<Element>(
    _ source: UnsafeMutablePointer<Element>, _ start: Int, _ middle: Int, _ end: Int,
    into target: UnsafeMutablePointer<Element>, _ precedes: (Element, Element) -> Bool
  ) throws(Interruption) {
    var (left, right) = (start, middle)
    try forEach(start..<end, askingEvery: 1 << 16) { place in
      if right == end || (left < middle && !precedes(source[right], source[left])) {
        target[place] = source[left]
        left &+= 1
      } else {
        target[place] = source[right]
        right &+= 1
      }
    }
  }
}
