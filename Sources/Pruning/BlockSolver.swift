import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// How one block's problem is solved, as a search's plan says.
struct BlockSolver {
  /// First flips of an exchange that are tried together when a block is chosen again.
  private static let revisionWindow = 256

  let setting: SearchSetting

  /// The solver of one block.
  ///
  /// - Parameters:
  ///   - squaredTarget: what a relative squared error of the layer is relative to, in the target's
  ///     units.
  ///   - start: for a block that is chosen again, what is chosen now.
  func solver(
    for address: BlockAddress, squaredTarget: Double, start: [Int]? = nil
  ) -> any Solver {
    let scale = setting.scale(address)
    let penalty = setting.plan.sizePenalty * squaredTarget / (scale * scale)
    if let start {
      if setting.plan.sizePenalty == 0 { return Self.revision(from: start) }
      var flips = GreedyFlips()
      (flips.start, flips.sizePenalty) = (start, penalty)
      guard var again = setting.solver as? BeamSearch else { return flips }
      again.sizePenalty = penalty
      return BetterOf(first: flips, second: again, sizePenalty: penalty)
    }
    switch setting.solver {
    case var random as RandomSubset:
      let half: UInt64 = address.half == .positive ? 0 : 1
      random.address = StreamAddress(
        seed: setting.network.seed,
        path: StreamPath(
          filter: 2 * UInt64(address.layer) + half, channel: UInt64(address.channel)))
      return random
    case var penalizing as any SizePenalizing:
      penalizing.sizePenalty = penalty
      return penalizing
    default: return setting.solver
    }
  }

  /// Flips and swaps from a subset until none helps.
  static func revision(from start: [Int]) -> Exchange {
    Exchange(from: start, coolings: 0, pairWindow: revisionWindow)
  }
}

/// The better of what two solvers find, the first's where they are equal.
private struct BetterOf: Solver {
  let name = "better"
  let first: any Solver
  let second: any Solver
  let sizePenalty: Double

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    func objective(_ found: Solution) -> Double {
      found.euclideanError * found.euclideanError + sizePenalty * Double(found.subset.count)
    }
    let (one, other) = (
      try first.solve(problem, control: control), try second.solve(problem, control: control)
    )
    return objective(other) < objective(one) ? other : one
  }
}
