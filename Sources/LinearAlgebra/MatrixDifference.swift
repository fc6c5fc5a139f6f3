/// How far apart two equally shaped blocks of numbers are: the one report that tests and drivers
/// print.
public struct MatrixDifference: Sendable, CustomStringConvertible {
  /// Entries compared.
  public let count: Int
  /// max |found − expected|; infinite when an entry is NaN on one side only.
  public let largestAbsolute: Double
  /// max |expected|.
  public let largestExpected: Double
  /// ‖found − expected‖₂ / ‖expected‖₂, or the absolute norm where the expected one is 0.
  public let relativeNorm: Double
  /// Where `largestAbsolute` was met first, or nil for no entries.
  public let worstIndex: Int?
  /// Entries whose bits differ (0 and −0 count as equal).
  public let differing: Int

  /// Compares in Float64, in index order.
  ///
  /// - Precondition: equal counts.
  public init<Found: Collection, Expected: Collection>(_ found: Found, _ expected: Expected)
  where Found.Element: BinaryFloatingPoint, Expected.Element: BinaryFloatingPoint {
    precondition(found.count == expected.count, "a difference needs equally many entries on both sides")
    var largest = 0.0
    var scale = 0.0
    var squares = 0.0
    var expectedSquares = 0.0
    var worst: Int?
    var differing = 0
    for (index, pair) in zip(found, expected).enumerated() {
      let (value, reference) = (Double(pair.0), Double(pair.1))
      let bothNaN = value.isNaN && reference.isNaN
      var distance = bothNaN || value == reference ? 0 : abs(value - reference)
      if distance.isNaN { distance = .infinity }
      if distance > 0 { differing += 1 }
      if worst == nil || distance > largest { (largest, worst) = (distance, index) }
      scale = max(scale, abs(reference))
      squares += distance * distance
      expectedSquares += reference * reference
    }
    count = found.count
    largestAbsolute = largest
    largestExpected = scale
    relativeNorm = expectedSquares > 0 ? (squares / expectedSquares).squareRoot() : squares.squareRoot()
    worstIndex = worst
    self.differing = differing
  }

  /// Whether max |found − expected| ≤ tolerance · max(|expected|, floor).
  public func isWithin(_ tolerance: Double, floor: Double = 0) -> Bool {
    largestAbsolute <= tolerance * max(largestExpected, floor)
  }

  public var description: String {
    "\(count) entries, \(differing) differ, largest \(largestAbsolute) of \(largestExpected)"
      + (worstIndex.map { " at \($0)" } ?? "") + ", relative norm \(relativeNorm)"
  }
}
