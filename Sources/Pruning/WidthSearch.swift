import RunControl
import Tickets

/// Looks for the smallest width whose ticket comes within ε.
///
/// Widths are 2^(k/4), rounded: doubled until one reaches ε, then halved in between, so that a
/// width found is at most 2^(1/4) times the smallest that would do if errors only fell with width.
/// They fall nearly so; each ticket is searched afresh, whatever others found.
public struct WidthSearch: Sendable {
  /// A width, and the error of its ticket.
  public struct Trial: Sendable, Hashable, Codable {
    /// N.
    public let width: Int
    /// The error of the ticket of that width.
    public let error: Double
  }

  /// The ticket of the smallest width that reached ε; where none did, the one of least error.
  public let result: SearchResult
  /// Whether it reached ε.
  public let isReached: Bool
  /// All widths tried, in order.
  public let trials: [Trial]

  /// The smallest width that is tried.
  public static let smallest = 64
  private static let steps = 4

  /// Doubles the width until ε is reached, and then halves the interval, to a fourth root of 2.
  ///
  /// - Parameters:
  ///   - epsilon: the error to reach, above 0.
  ///   - largest: no wider network is tried.
  ///   - draw: the ticket of a width; one that is stopped ends the search.
  ///   - error: what is compared with ε; nil where there is no such figure.
  /// - Throws: `TicketError.invalidParameter` for an ε that is not a number above 0 or a largest
  ///   width below `smallest`; what the closures throw.
  /// - Complexity: log₂(width / `smallest`) + 2 searches or so, the last of them dearest.
  public init(
    reaching epsilon: Double, largest: Int = 1 << 18, draw: (_ width: Int) throws -> SearchResult,
    error: (SearchResult) throws -> Double?
  ) throws {
    try Self.requireUsable(epsilon: epsilon, largest: largest)
    var trials: [Trial] = []
    var reached: (step: Int, result: SearchResult)?
    var nearest: (error: Double, result: SearchResult)?
    /// Whether the width of a step reaches ε; nil when the search was stopped.
    func attempt(_ step: Int) throws -> Bool? {
      let width = min(largest, Self.width(step))
      let result = try draw(width)
      let found = try error(result) ?? .infinity
      trials.append(Trial(width: width, error: found))
      if nearest.map({ found < $0.error }) ?? true { nearest = (found, result) }
      let isWithin = found <= epsilon
      if isWithin { reached = (step, result) }
      if result.stop != nil {
        reached = isWithin ? reached : nil
        nearest = isWithin ? nearest : (found, result)
        return nil
      }
      return isWithin
    }
    var step = 6 * Self.steps
    var failed = step - Self.steps
    var isStopped = false
    while true {
      guard let isWithin = try attempt(step) else {
        isStopped = true
        break
      }
      if isWithin || Self.width(step) >= largest { break }
      failed = step
      step += Self.steps
    }
    while !isStopped, let (above, _) = reached, above - failed > 1, Self.width(above - 1) > Self.smallest {
      let middle = (above + failed) / 2
      guard let isWithin = try attempt(middle) else { break }
      if !isWithin { failed = middle }
    }
    result = reached?.result ?? nearest!.result
    isReached = reached != nil
    self.trials = trials
  }

  /// - Throws: `TicketError.invalidParameter` as a search would.
  public static func requireUsable(epsilon: Double, largest: Int) throws(TicketError) {
    guard epsilon > 0, epsilon.isFinite else {
      throw .invalidParameter(name: "epsilon", expected: "a number above 0", found: "\(epsilon)")
    }
    guard largest >= smallest, largest <= RandomNetwork.largestWidth else {
      throw .invalidParameter(
        name: "largest width", expected: "\(smallest) to \(RandomNetwork.largestWidth)", found: "\(largest)")
    }
  }

  private static func width(_ step: Int) -> Int {
    let roots = [1, 1.189207115002721, 1.4142135623730951, 1.681792830507429]
    return Int((Double(sign: .plus, exponent: step / steps, significand: roots[step % steps])).rounded())
  }
}
