import LinearAlgebra
import RunControl

/// What one task has met among the pairs that it looked at.
struct PairLook<Meeting: Sendable>: Sendable {
  /// The closest pair with an error below what was asked for, if there was one.
  var best: (error: Double, met: Meeting)?
  /// How many pairs were looked at.
  var visited = 0
}

extension WorkMeter {
  /// Shares whose results are joined before the next shares begin.
  private static let wave = 64

  /// The closest pair that the shares of a search meet, the first share's among equal ones,
  /// whatever the number of workers. Each pair that is looked at counts m units of work.
  ///
  /// - Parameters:
  ///   - limit: errors from here on are of no use.
  ///   - look: what one share meets below an error. It is called from any thread, and not at all
  ///     once the run must stop.
  /// - Returns: the best of what was met before a limit ended the search; nil for none.
  mutating func closest<Meeting>(
    shares: Int, workers: Int, dimension m: Int, below limit: Double = .infinity,
    _ look: @Sendable (_ share: Int, _ below: Double) throws -> PairLook<Meeting>
  ) throws -> (error: Double, met: Meeting)? {
    let control = control
    var best: (error: Double, met: Meeting)?
    for start in stride(from: 0, to: shares, by: Self.wave) {
      let below = best?.error ?? limit
      let looks = try Workers.map(count: min(shares - start, Self.wave), workers: workers) { task in
        control.interruption() == nil ? try look(start + task, below) : PairLook<Meeting>()
      }
      for look in looks {
        // What was looked at before the time was up counts. What a work limit leaves is the same
        // everywhere.
        if !allows(UInt64(look.visited * m)), stop == .workLimit { return best }
        count(work: UInt64(look.visited * m), evaluations: UInt64(look.visited))
        if let met = look.best, met.error < best?.error ?? limit { best = met }
      }
      if stop != nil { break }
    }
    return best
  }
}
