import Foundation
import Tickets

extension Ticket {
  /// Bits that store the ticket once it is known how many filters each block keeps: 64 for the
  /// seed, log2 C(candidates, kept) a block, 32 a scalar taken. `countBits` come on top.
  public var bits: Double {
    func logFactorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }
    let choices = blocks.reduce(0.0) {
      $0 + logFactorial($1.candidates) - logFactorial($1.kept.count) - logFactorial($1.candidates - $1.kept.count)
    }
    return 64 + choices / log(2.0) + 32 * Double(scalarsTaken)
  }

  /// Bits that say how many filters each block keeps, 0 to all its candidates: log2(candidates + 1)
  /// a block.
  public var countBits: Double {
    blocks.reduce(0.0) { $0 + log2(Double($1.candidates) + 1) }
  }
}
