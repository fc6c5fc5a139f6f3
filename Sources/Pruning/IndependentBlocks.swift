import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Tickets

extension TicketSearch {
  /// Weights mode: the largest blocks first, so that the last ones to finish are small.
  func chooseIndependently(workers: Int, record: SearchRecord, _ control: RunControl) throws {
    let addresses = record.addresses
    let shares = workShares(addresses, control.limits.work)
    let order = addresses.indices.filter { record.known(addresses[$0]) == nil }.sorted {
      (cost(addresses[$1]), $0) < (cost(addresses[$0]), $1)
    }
    let kernels = target.kernels
    let weights = objective == .certified ? try CertificateWeights(graph: graph, kernels: kernels) : nil
    try Workers.forEach(count: order.count, workers: try affordableWorkers(workers, control)) { task, _ in
      let index = order[task]
      let address = addresses[index]
      if control.interruption() != nil { return }
      let instance: BlockInstance
      do {
        instance = try BlockInstance(
          address, in: network, kernel: kernels[address.layer - 1], scale: scales[address.layer - 1], size: size,
          control)
      } catch is Interruption { return }
      let squares = kernels[address.layer - 1].reduce(0.0) { $0 + Double($1) * Double($1) }
      let solver = solver(for: address, squaredTarget: squares)
      var solution = try solver.solve(instance.problem, control: Self.part(of: control, work: shares[index]))
      if let weights, solution.stop == nil {
        solution = try improved(solution, instance.problem, weights.layers[address.layer - 1], control, shares[index])
      }
      let kept = solution.subset.map { instance.filters[$0] }.sorted()
      let block = Block(address: address, candidates: instance.problem.count, kept: kept)
      record.add(
        [SearchRecord.Result(block: block, stop: solution.stop)],
        error: solution.maximumError * scales[address.layer - 1], label: "max weight error")
    }
  }

  /// Flips and swaps that lower what the block adds to the certified error, Σ λ_o·|Δ|, until none does.
  ///
  /// - Parameter weights: λ of the layer's outputs; their scale does not matter.
  private func improved(
    _ solution: Solution, _ problem: Problem, _ weights: [Double], _ control: RunControl, _ share: UInt64?
  ) throws -> Solution {
    let largest = weights.max() ?? 0
    guard largest > 0, largest.isFinite else { return solution }
    let norm = Norm.rowSums(
      try RowSums(
        blocks: [Int](repeating: 0, count: problem.dimension),
        weights: (0..<problem.dimension).map { weights[$0 % weights.count] / largest }))
    let certified = try Problem(
      candidates: problem.candidates, target: problem.target, norm: norm, size: problem.size,
      validatesCandidates: false)
    return try Exchange(from: solution.subset, coolings: 0, pairWindow: Self.revisionWindow)
      .solve(certified, control: Self.part(of: control, work: share))
  }

  /// What the search of one block may use. What it finds does not depend on the time there is,
  /// unless the time limit strikes.
  static func part(of control: RunControl, work: UInt64?) -> RunControl {
    control.withWork(work).silenced().withoutTimePlan()
  }

  /// The solver of one block.
  ///
  /// - Parameters:
  ///   - squaredTarget: what a relative squared error of the layer is relative to, in the target's units.
  ///   - start: for a block that is chosen again, what is chosen now.
  func solver(for address: BlockAddress, squaredTarget: Double, start: [Int]? = nil) -> any Solver {
    let scale = scales[address.layer - 1]
    let penalty = sizePenalty * squaredTarget / (scale * scale)
    if let start {
      if sizePenalty == 0 { return Exchange(from: start, coolings: 0, pairWindow: Self.revisionWindow) }
      var flips = GreedyFlips()
      flips.start = start
      let again: any Solver = solver is BeamSearch ? BetterOf(first: flips, second: solver) : flips
      return Penalized(solver: again, sizePenalty: penalty)
    }
    switch solver {
    case var random as RandomSubset:
      random.address = StreamAddress(
        seed: network.seed,
        path: StreamPath(
          filter: UInt64(2 * address.layer + (address.half == .positive ? 0 : 1)), channel: UInt64(address.channel)))
      return random
    default: return penalty == 0 ? solver : Penalized(solver: solver, sizePenalty: penalty)
    }
  }

  private static let revisionWindow = 256

  /// Entries of a block's candidates, what its search costs grow with.
  private func cost(_ address: BlockAddress) -> Int { network.width * graph.layers[address.layer - 1].sliceCount }

  func workShares(_ addresses: [BlockAddress], _ work: UInt64?) -> [UInt64?] {
    guard let work else { return addresses.map { _ in nil } }
    let total = addresses.reduce(0.0) { $0 + Double(cost($1)) }
    return addresses.map {
      // A share of the largest limits may round up to 2^64.
      UInt64(exactly: (Double(work) * (Double(cost($0)) / total)).rounded(.down)) ?? .max
    }
  }
}

/// A solver of the same problems with a size penalty.
private struct Penalized: Solver {
  let solver: any Solver
  let sizePenalty: Double
  var name: String { solver.name }

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try solver.solve(problem.with(sizePenalty: sizePenalty), control: control)
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
    let (one, other) = (try first.solve(problem, control: control), try second.solve(problem, control: control))
    return objective(other) < objective(one) ? other : one
  }
}
