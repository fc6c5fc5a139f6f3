import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// One block of a network as an instance of the subset-sum problem.
///
/// Candidates are the NSN vectors |u|·V of the block's half, ordered by |u| (then by filter), so
/// that a solver that drops long vectors drops a suffix. The target is ±K_t / s: the slice of the
/// kernel that reads this channel, in (row, column, output) order.
struct BlockInstance {
  let problem: Problem
  /// Filter index q of each candidate.
  let filters: [UInt32]

  /// - Throws: `Interruption` when the run must stop.
  init(
    _ address: BlockAddress, in network: RandomNetwork, kernel: Kernel<Float>, scale: Double, size: Int?,
    _ control: RunControl
  ) throws {
    let block = try RandomBlock(address, in: network, control)
    let divisor = address.half == .positive ? scale : -scale
    let target = kernel.slice(ofChannel: address.channel).map { Double($0) / divisor }
    problem = try Problem(
      candidates: Candidates(scales: block.scales, vectors: block.vectors), target: target, norm: .euclidean,
      size: size, validatesCandidates: false)
    filters = block.filters
  }

  /// Bytes that one task holds at once for a layer: scalars and indices of 2N filters, and the
  /// half's candidates with a solver's numbers beside each. A half has N filters give or take a few
  /// √N.
  static func bytes(width: Int, layer: LayerGraph.Layer) -> Int {
    let half = Double(width) + 6 * Double(width).squareRoot() + 8
    let perCandidate = 4 * Double(layer.sliceCount) + 64
    return Int(8 * 2 * Double(width) + half * perCandidate + 65_536)
  }
}
