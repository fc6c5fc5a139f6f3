import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Weights mode: blocks are independent and run one a core, the largest first, so that the last
/// ones to finish are small.
struct WeightsSearch {
  private let setting: SearchSetting
  private let record: SearchRecord
  private let control: RunControl
  private let shares: WorkShares
  /// What an error of each output adds to the certified error; nil unless that is lowered too.
  private let weights: CertificateWeights?

  init(_ setting: SearchSetting, _ record: SearchRecord, _ control: RunControl) {
    self.setting = setting
    self.record = record
    self.control = control
    shares = WorkShares(setting)
    weights = setting.plan.objective == .certified ? CertificateWeights(of: setting.target) : nil
  }

  /// Chooses all blocks that the record does not know, or as many as limits allow.
  ///
  /// - Parameter part: the blocks to choose from; nil for all.
  func run(among part: Set<BlockAddress>? = nil, workers: Int) throws {
    let missing = setting.addresses.enumerated().filter {
      record.known($0.element) == nil && part?.contains($0.element) != false
    }
    let order = missing.sorted {
      (shares.cost($1.element), $0.offset) < (shares.cost($0.element), $1.offset)
    }
    let affordable = try MemoryNeed(setting, within: control.limits).affordableWorkers(workers)
    try Workers.forEach(count: order.count, workers: affordable) { task, _ in
      try choose(order[task].element)
    }
  }

  private func choose(_ address: BlockAddress) throws {
    if control.interruption() != nil { return }
    let kernel = setting.target.kernels[address.layer - 1]
    let instance: BlockInstance
    do {
      instance = try BlockInstance(
        address, in: setting.network, kernel: kernel, scale: setting.scale(address),
        size: setting.plan.fixedSize, control)
    } catch is Interruption { return }
    let part = WorkShares.part(of: control, work: shares[address])
    var solution = try BlockSolver(setting: setting)
      .solve(instance.problem, of: address, squaredTarget: kernel.squares, control: part)
    if let weights, solution.stop == nil {
      solution = try improved(solution, instance.problem, weights.layers[address.layer - 1], part)
    }
    let kept = solution.subset.map { instance.filters[$0] }.sorted()
    let block = Block(address: address, candidates: instance.problem.count, kept: kept)
    record.add(
      [SearchRecord.Result(block: block, stop: solution.stop)],
      error: solution.maximumError * setting.scale(address), label: "max weight error")
  }

  /// Flips and swaps that lower what the block adds to the certified error, Σ λ_o·|Δ|, until none
  /// does.
  ///
  /// - Parameter weights: λ of the layer's outputs; their scale does not matter.
  private func improved(
    _ solution: Solution, _ problem: Problem, _ weights: [Double], _ control: RunControl
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
    return try BlockSolver.revision(from: solution.subset).solve(certified, control: control)
  }
}
