import RunControl

/// `GreedyFlips` from many starts near the best: kick, descend, keep what is no worse (iterated local search).
///
/// A kick flips `kickSize` candidates among those in reach of the residual (at least the first 4·`kickSize`), each with equal chance a chosen one (removed) or
/// any (added); single flips then descend to a local optimum. One of larger ‖r‖₂ is undone. Exchanges come once, at the
/// end, and after them what `GreedyFlips` does for the max norm. With a time limit kicks go on for
/// 95 % of it, unless their number is given. Kicks are drawn by a fixed function of their
/// number, so the same problem gives the same subset.
///
/// Measured on |u|·V candidates sorted by |u|, z ~ U(-.5,.5), one core: 300 kicks cut the Euclidean error of
/// `GreedyFlips` by half at (m, n) = (9, 1000) in 5 ms and at (25, 1000) in 10 ms, by a quarter at (72, 16000) in 0.2 s;
/// 100 kicks by a quarter at (144, 32000) in 1.3 s.
public struct IteratedGreedy: Solver {
  /// Units of work without a limit of the run's own: 2⁴⁰.
  public static let defaultWorkLimit: UInt64 = 1 << 40

  /// Kicks without a number of the caller's own and a time limit.
  public static let defaultKicks = 300

  static let largestKick = 1 << 20

  public let name = "iterated-greedy"
  public var takesFixedSize: Bool { false }
  public var takesSizePenalty: Bool { true }
  /// Kicks made, or nil for `defaultKicks`, and with a time limit for as many as fit in.
  public var kicks: Int?
  /// Flips of a kick, or nil for max(16, m/2), about the best for m = 9 … 144.
  public var kickSize: Int?
  /// The descent that follows each kick.
  public var greedy: GreedyFlips

  public init(kicks: Int? = nil, kickSize: Int? = nil, greedy: GreedyFlips = GreedyFlips()) {
    self.kicks = kicks
    self.kickSize = kickSize
    self.greedy = greedy
  }

  /// - Throws: as `GreedyFlips`, and `SubsetSumError.invalidOption` for negative numbers.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard kicks ?? 0 >= 0, (0...Self.largestKick).contains(kickSize ?? 0) else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "kicks, kickSize", expected: "kicks ≥ 0, a size of 0…\(Self.largestKick)",
        found: "\(kicks ?? 0), \(kickSize ?? 0)")
    }
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let subset = try greedy.search(problem, &meter, kicks: self) { $0.subset() }
    return try solution(meter.claim(subset, isOptimal: false, by: name), for: problem, control)
  }

  static func defaultKickSize(dimension m: Int) -> Int { max(16, m / 2) }
}
