import LinearAlgebra
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
    try Workers.forEach(count: order.count, workers: try affordableWorkers(workers, control)) { task, _ in
      let index = order[task]
      let address = addresses[index]
      if control.interruption() != nil { return }
      let instance = try BlockInstance(
        address, in: network, kernel: kernels[address.layer - 1], scale: scales[address.layer - 1])
      let solution = try solver.solve(instance.problem, control: control.withWork(shares[index]).silenced())
      let kept = solution.subset.map { instance.filters[$0] }.sorted()
      let block = Block(address: address, candidates: instance.problem.count, kept: kept)
      record.add(
        [SearchRecord.Result(block: block, stop: solution.stop)],
        error: solution.maximumError * scales[address.layer - 1], label: "max weight error")
    }
  }

  /// Entries of a block's candidates, what its search costs grow with.
  private func cost(_ address: BlockAddress) -> Int { network.width * graph.layers[address.layer - 1].sliceCount }

  func workShares(_ addresses: [BlockAddress], _ work: UInt64?) -> [UInt64?] {
    guard let work else { return addresses.map { _ in nil } }
    let total = addresses.reduce(0.0) { $0 + Double(cost($1)) }
    return addresses.map { UInt64(Double(work) * (Double(cost($0)) / total)) }
  }
}
