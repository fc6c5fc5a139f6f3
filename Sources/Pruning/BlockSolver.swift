import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// How one block's problem is solved, as a search's plan says.
struct BlockSolver {
  /// First flips of an exchange that are tried together when a block is chosen again.
  private static let revisionWindow = 256

  let setting: SearchSetting
  /// Cores for one block.
  var workers = 1

  /// Solves one block's problem, with the plan's size penalty in the block's units.
  ///
  /// - Parameters:
  ///   - squaredTarget: what a relative squared error of the layer is relative to, in the target's
  ///     units.
  ///   - start: for a block that is chosen again, what is chosen now.
  func solve(
    _ problem: Problem, of address: BlockAddress, squaredTarget: Double, start: [Int]? = nil,
    control: RunControl
  ) throws -> Solution {
    let scale = setting.scale(address)
    let penalty = setting.plan.sizePenalty * squaredTarget / (scale * scale)
    let penalised = penalty == 0 ? problem : try problem.with(sizePenalty: penalty)
    return try solver(of: address, start: start).solve(penalised, control: control)
  }

  private func solver(of address: BlockAddress, start: [Int]?) -> any Solver {
    if let start {
      if setting.plan.sizePenalty == 0 { return Self.revision(from: start) }
      var flips = GreedyFlips()
      flips.start = start
      return setting.solver is BeamSearch ? BetterOf(first: flips, second: setting.solver) : flips
    }
    if workers > 1, var parallel = setting.solver as? any MultipleWorkers {
      parallel.workers = workers
      return parallel
    }
    guard var random = setting.solver as? RandomSubset else { return setting.solver }
    let half: UInt64 = address.half == .positive ? 0 : 1
    random.address = StreamAddress(
      seed: setting.network.seed,
      path: StreamPath(filter: 2 * UInt64(address.layer) + half, channel: UInt64(address.channel)))
    return random
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

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    func objective(_ found: Solution) -> Double {
      found.euclideanError * found.euclideanError + problem.sizePenalty * Double(found.subset.count)
    }
    let (one, other) = (
      try first.solve(problem, control: control), try second.solve(problem, control: control)
    )
    return objective(other) < objective(one) ? other : one
  }
}
