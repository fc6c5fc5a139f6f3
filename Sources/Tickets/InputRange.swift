/// The box that a network's inputs are drawn from: every entry in `low`…`high`.
public struct InputRange: Sendable, Hashable, Codable {
  /// The least entry of the box.
  public let low: Double
  /// The largest entry of the box.
  public let high: Double

  /// - Throws: `TicketError.invalidParameter` unless low < high and both are finite.
  public init(low: Double, high: Double) throws(TicketError) {
    guard low.isFinite, high.isFinite, low < high else {
      throw .invalidParameter(name: "input range", expected: "finite LO < HI", found: "\(low),\(high)")
    }
    self.low = low
    self.high = high
  }

  /// −1…1, the paper's setting.
  public static let unit = InputRange(unchecked: -1, 1)

  private init(unchecked low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }

  /// Whether an entry of the box can be negative.
  public var isSigned: Bool { low < 0 }

  /// The largest positive part x⁺ of an entry.
  public var largestPositivePart: Double { max(0, high) }

  /// The largest negative part x⁻ = max(−x, 0) of an entry.
  public var largestNegativePart: Double { max(0, -low) }

  /// The largest |x| of an entry.
  public var largestMagnitude: Double { max(abs(low), abs(high)) }
}
