import Foundation
import LinearAlgebra
import SubsetSum
import Tickets

/// What blocks are expected to take at a price of a bit, before any is searched.
///
/// A block's errors count EᵀHE. Along each of H's directions what is wanted has some variance σ²;
/// what is bought at a price leaves θ = price / (2 ln 2) of it, and takes ½·log₂(σ²/θ) bits an
/// entry, none where σ² is less: reverse water-filling (Cover and Thomas, Elements of Information
/// Theory, 2006, theorem 10.3.3). Blocks make up for what those before them in their layer miss,
/// which is θ in each of those blocks' directions, so their σ² grow by it (`LayerRefit`). H is that
/// of the target's own activations, as no layer is pruned yet. Lists of filters take more than the
/// bound: `perBit` and `perEntry` say by how much.
package struct PriceForecast {
  /// A block's directions, in units in which every block's price of a bit is the same.
  private struct Block {
    /// The block's layer, 1…ℓ.
    let layer: Int
    /// Entries of each direction.
    let outputs: Double
    /// σ² of each direction, before any block misses anything.
    let variances: [Double]
    /// For each block before it in its layer, by how much each σ² grows with what that one misses
    /// in each of its directions.
    let growth: [[Double]]
  }

  private var blocks: [Block] = []

  /// What lists take for each bit of the bound, and for each entry of a block besides. All lists of
  /// fashion-cnn and fashion-lenet at 2, 3 and 4 bits, and of fashion-resnet at 2 (width 131 072,
  /// seed 2001), take what is forecast of them within 8 %.
  package static let (perBit, perEntry) = (1.1, 0.25)

  /// - Parameters:
  ///   - statistics: of the search, with no layer pruned.
  ///   - layerWeights: what a layer's relative error counts.
  /// - Throws: `Interruption` when the run must stop; `PruningError.singularStatistics`;
  ///   `DecompositionError` for numbers out of range.
  /// - Complexity: a layer's statistics for each layer, 10·taps³ for each block and 1.5·taps³ for
  ///   each pair of blocks of a layer; taps numbers of memory for each pair.
  init(_ statistics: LayerStatistics, layerWeights: [Double]) throws {
    let setting = statistics.setting
    for layer in setting.graph.layers {
      let addresses = setting.addresses.filter { $0.layer == layer.number }
      let hasBias = statistics.calibration.metric == .layer && setting.target.biases[layer.number - 1] != nil
      let refit = try statistics.refit(layer, addresses, behind: [], isAboutMeans: hasBias)
      let scale = setting.scales[layer.number - 1]
      let weight = refit.energy > 0 ? layerWeights[layer.number - 1] * scale * scale / refit.energy : 0
      try add(refit, layer: layer.number, weight: weight) { try statistics.control.checkInterruption() }
    }
  }

  /// A forecast of no block yet.
  package init() {}

  /// Adds a layer's blocks.
  ///
  /// - Parameters:
  ///   - weight: what the layer's errors, in the refit's units, count.
  ///   - check: called before each block and pair of blocks; what it throws ends the work.
  /// - Throws: what `check` throws; `DecompositionError` for numbers out of range.
  package mutating func add(
    _ refit: LayerRefit, layer: Int, weight: Double, check: () throws -> Void = {}
  ) throws {
    for index in refit.addresses.indices {
      try check()
      blocks.append(try Self.block(refit, index, weight: weight, layer: layer, check))
    }
  }

  private static func block(
    _ refit: LayerRefit, _ index: Int, weight: Double, layer: Int, _ check: () throws -> Void
  ) throws -> Block {
    let (taps, outputs) = (refit.taps, refit.outputs)
    let root = refit.coupling(index, index)
    // Directions u of errors as they are felt: G_iiᵀ·G_ii = U·diag(λ)·Uᵀ.
    let square = try Matrix<Double>(rows: taps, columns: taps) { values in
      for a in 0..<taps {
        for b in 0..<taps {
          values[a * taps + b] = (0..<taps).reduce(0.0) { $0 + root[a, $1] * root[b, $1] }
        }
      }
    }
    let directions = try BLASLibrary.withThreads(1) { try square.withView { try SymmetricEigen(of: $0) } }.vectors
    let felt = SuperpositionMetric(root: root).felt(Array(refit.wanted(index)))
    let variances = (0..<taps).map { direction in
      var sum = 0.0
      for o in 0..<outputs {
        var along = 0.0
        for a in 0..<taps { along += directions[a, direction] * felt[a * outputs + o] }
        sum += along * along
      }
      return weight * sum / Double(outputs)
    }
    let growth = try (0..<index).map {
      try check()
      return Self.growth(from: refit.coupling($0, $0), by: refit.coupling($0, index), directions)
    }
    return Block(layer: layer, outputs: Double(outputs), variances: variances, growth: growth)
  }

  /// ‖G_kk⁻¹·G_ki·u‖² for each direction u of block i: a miss E of block k that is felt as
  /// e = G_kkᵀ·E is felt as G_kiᵀ·G_kk⁻ᵀ·e by block i.
  private static func growth(from root: Matrix<Double>, by coupling: Matrix<Double>, _ directions: Matrix<Double>)
    -> [Double]
  {
    let taps = root.rows
    var along = [Double](repeating: 0, count: taps)
    return (0..<taps).map { direction in
      var sum = 0.0
      for j in 0..<taps {
        var value = 0.0
        for a in 0..<taps { value += directions[a, direction] * coupling[a, j] }
        for l in 0..<j { value -= along[l] * root[l, j] }
        along[j] = value / root[j, j]
        sum += along[j] * along[j]
      }
      return sum
    }
  }

  /// Bits of each block at a price.
  package func bits(at price: Double) -> [Double] {
    let level = price / (2 * log(2))
    // What each block of the layer misses in each of its directions.
    var missed: [Double] = []
    var layer = 0
    return blocks.map { block in
      if block.layer != layer { (missed, layer) = ([], block.layer) }
      var (bound, miss) = (0.0, 0.0)
      for (direction, own) in block.variances.enumerated() {
        let variance = zip(block.growth, missed).reduce(own) { $0 + $1.0[direction] * $1.1 }
        if variance > level { bound += block.outputs / 2 * log2(variance / level) }
        miss += min(variance, level) / Double(block.variances.count)
      }
      missed.append(miss)
      let entries = block.outputs * Double(block.variances.count)
      return bound > 0 ? Self.perBit * bound + Self.perEntry * entries : 0
    }
  }

  /// About the price at which all blocks take so many bits; 1 where nothing is wanted and any does.
  package func price(ofBits bits: Double) -> Double {
    let greatest = blocks.flatMap(\.variances).max() ?? 0
    guard greatest > 0, greatest.isFinite else { return 1 }
    // θ = greatest / 2^x.
    var (low, high) = (0.0, 1000.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let taken = self.bits(at: greatest * 2 * log(2) * exp2(-middle)).reduce(0, +)
      if taken < bits { low = middle } else { high = middle }
    }
    return greatest * 2 * log(2) * exp2(-high)
  }
}
