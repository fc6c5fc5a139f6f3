import LinearAlgebra
import Tickets

/// The kernel that a layer should have on the pruned network's activations, and the geometry in
/// which to miss it.
///
/// With H = FᵀF + λI, F the features of `LayerMoments` and Y what the target gives, the wanted W
/// minimises ‖F·W − Y‖² + λ‖W − K‖²: least squares, damped towards the target's own kernel K (−K
/// for what reads x⁻). A choice A of summed kernels misses by tr(EᵀHE), E = A − W.
///
/// Blocks are chosen one after another. Ordered from the last to the first, H = G·Gᵀ (Cholesky)
/// splits the error by block i,
///
///     tr(EᵀHE) = Σ_i ‖G_iiᵀ·E_i + Σ_{k before i} G_kiᵀ·E_k‖²,
///
/// where G_ii·G_iiᵀ is the Schur complement of H given the blocks to come: what they cannot make up
/// for. So block i's candidates and target are multiplied by G_iiᵀ, what earlier blocks missed is
/// pushed into the target, and the rest is a subset-sum problem in the Euclidean norm.
package struct LayerRefit: Sendable {
  /// Blocks in the order in which they are chosen.
  package let addresses: [BlockAddress]
  package let taps: Int
  package let outputs: Int
  /// W in the units of the random slices, block after block: taps × outputs each.
  package let wanted: [Double]
  /// The squares of what is wanted, in the units of `error` times s².
  package let energy: Double
  /// The mean of each feature, in the blocks' order, and of each output.
  private let means: (features: [Double], outputs: [Double])
  /// H, in the blocks' order.
  package let gram: Matrix<Double>
  /// G, rows and columns from the last block to the first.
  private let factor: Matrix<Double>

  package var features: Int { addresses.count * taps }

  /// - Parameters:
  ///   - kernel: the target's.
  ///   - scale: what the kernel is divided by.
  ///   - damping: λ, as a multiple of H's mean diagonal entry.
  /// - Throws: `PruningError.singularStatistics` where H has no Cholesky factor; what
  ///   `interruption` throws, which is asked between passes over H.
  package init(
    _ moments: LayerMoments, of kernel: Kernel<Float>, addresses: [BlockAddress], scale: Double,
    damping: Double, interruption: () throws -> Void = {}
  ) throws {
    let layer = kernel.layer
    let (taps, channels, outputs) = (layer.taps, layer.inputChannels, layer.outputChannels)
    let count = addresses.count * taps
    self.addresses = addresses
    self.taps = taps
    self.outputs = outputs
    energy = moments.energies.reduce(0, +)
    // Where the moments have feature f of the blocks' order.
    let place = (0..<count).map { f in
      let (block, tap) = f.quotientAndRemainder(dividingBy: taps)
      let half = addresses[block].half == .positive ? 0 : 1
      return (half * taps + tap) * channels + addresses[block].channel
    }
    let rows = Double(max(1, moments.rows))
    means = (place.map { moments.featureSums[$0] / rows }, moments.outputSums.map { $0 / rows })
    let mean = place.reduce(0.0) { $0 + moments.gram[$1 * moments.features + $1] } / Double(count)
    let lambda = mean > 0 ? damping * mean : 1
    let gram = try Matrix<Double>(rows: count, columns: count) { values in
      for i in 0..<count {
        for j in 0..<count { values[i * count + j] = moments.gram[place[i] * moments.features + place[j]] }
        values[i * count + i] += lambda
      }
    }
    try interruption()
    // H·W = FᵀY/s + λ·K/s.
    var right = try Matrix<Double>(rows: count, columns: outputs)
    let original = Self.original(kernel, addresses)
    for i in 0..<count {
      for o in 0..<outputs {
        let weight = original[i * outputs + o]
        right[i, o] = (moments.products[place[i] * outputs + o] + lambda * weight) / scale
      }
    }
    self.gram = gram
    (wanted, factor) = try Self.solved(
      gram, right, addresses.count, taps, layer: layer.number, interruption)
  }

  /// The same in the metric of the network's outputs, mixed with that of the layer's own: H = JᵀJ/ḡ
  /// + μ·(FᵀF ⊗ 1)/h̄ + λ, with ḡ and h̄ the mean diagonal entries. A block's taps · outputs
  /// entries are then one column: `taps` is their number, `outputs` 1.
  ///
  /// - Parameters:
  ///   - mix: μ.
  ///   - damping: λ.
  /// - Throws: `PruningError.singularStatistics` where H has no Cholesky factor; what
  ///   `interruption` throws, which is asked between passes over H.
  package init(
    _ logits: LogitMoments, _ moments: LayerMoments, of kernel: Kernel<Float>,
    addresses: [BlockAddress], scale: Double, mix: Double, damping: Double,
    interruption: () throws -> Void = {}
  ) throws {
    let layer = kernel.layer
    let (taps, channels, outputs) = (layer.taps, layer.inputChannels, layer.outputChannels)
    let length = taps * outputs
    let count = addresses.count * length
    self.addresses = addresses
    self.taps = length
    self.outputs = 1
    let feature = (0..<addresses.count * taps).map { f in
      let (block, tap) = f.quotientAndRemainder(dividingBy: taps)
      let half = addresses[block].half == .positive ? 0 : 1
      return (half * taps + tap) * channels + addresses[block].channel
    }
    func mean(_ gram: [Double], _ size: Int) -> Double {
      let mean = (0..<size).reduce(0.0) { $0 + gram[$1 * size + $1] } / Double(size)
      return mean > 0 ? mean : 1
    }
    let (unit, layerUnit) = (mean(logits.gram, logits.entries), mean(moments.gram, moments.features))
    let weight = mix / layerUnit
    let original = Self.original(kernel, addresses)
    let gram = try Matrix<Double>(rows: count, columns: count) { values in
      for i in 0..<count {
        let (f, o) = i.quotientAndRemainder(dividingBy: outputs)
        for j in 0..<count {
          let (g, q) = j.quotientAndRemainder(dividingBy: outputs)
          var entry = logits.gram[(feature[f] * outputs + o) * logits.entries + feature[g] * outputs + q] / unit
          if o == q { entry += weight * moments.gram[feature[f] * moments.features + feature[g]] }
          values[i * count + j] = entry
        }
        values[i * count + i] += damping
      }
    }
    try interruption()
    // H·W = (Jᵀ(y − z) + JᵀJ·K)/(ḡs) + μ·FᵀY/(h̄s) + λ·K/s.
    var right = try Matrix<Double>(rows: count, columns: 1)
    for i in 0..<count {
      let (f, o) = i.quotientAndRemainder(dividingBy: outputs)
      let place = feature[f] * outputs + o
      var sum = logits.products[place] / unit + weight * moments.products[place] + damping * original[i]
      for j in 0..<count {
        let (g, q) = j.quotientAndRemainder(dividingBy: outputs)
        sum += logits.gram[place * logits.entries + feature[g] * outputs + q] / unit * original[j]
      }
      right[i, 0] = sum / scale
    }
    self.gram = gram
    means = ([], [])
    energy = (logits.energy + logits.missed) / unit
    (wanted, factor) = try Self.solved(
      gram, right, addresses.count, length, layer: layer.number, interruption)
  }

  /// What each block would be of the target's own kernel: K_t, or −K_t for what reads x⁻, block
  /// after block.
  private static func original(_ kernel: Kernel<Float>, _ addresses: [BlockAddress]) -> [Double] {
    addresses.flatMap { address in
      kernel.slice(ofChannel: address.channel).map { weight in
        address.half == .positive ? Double(weight) : -Double(weight)
      }
    }
  }

  /// W, and H's factor in the reversed order of blocks.
  private static func solved(
    _ gram: Matrix<Double>, _ right: Matrix<Double>, _ blocks: Int, _ taps: Int, layer: Int,
    _ interruption: () throws -> Void
  ) throws -> (wanted: [Double], factor: Matrix<Double>) {
    let reversed = reversed(blocks, taps)
    let count = reversed.count
    let permuted = try Matrix<Double>(rows: count, columns: count) { values in
      for i in 0..<count { for j in 0..<count { values[i * count + j] = gram[reversed[i], reversed[j]] } }
    }
    var right = right
    do {
      try interruption()
      let factor = try permuted.withView { try Cholesky(of: $0) }.lower
      try interruption()
      try right.withMutableView { right in try gram.withView { try Cholesky(of: $0).solve(inPlace: right) } }
      return (right.values, factor)
    } catch let error as CholeskyError {
      throw PruningError.singularStatistics(layer: layer, reason: "\(error)")
    }
  }

  /// Bytes that a layer's statistics and factors take at once: sums of up to
  /// `LayerMoments.chunksAtOnce` chunks, the matrix, its order, its factor.
  static func bytes(_ layer: LayerGraph.Layer, isSigned: Bool, metric: CalibrationPlan.Metric) -> Int {
    let features = (isSigned ? 2 : 1) * layer.taps * layer.inputChannels
    let sums = 8 * features * features * (LayerMoments.chunksAtOnce + 2)
    switch metric {
    case .layer: return sums + 3 * 8 * features * features
    case .logits:
      let entries = features * layer.outputChannels
      return sums + 5 * 8 * entries * entries + 12 * LogitMoments.rowsAtOnce * entries
    }
  }

  /// Where the reversed order's feature i is in the blocks' order.
  private static func reversed(_ blocks: Int, _ taps: Int) -> [Int] {
    (0..<blocks * taps).map { (blocks - 1 - $0 / taps) * taps + $0 % taps }
  }

  /// G_kiᵀ, taps × taps: how what block k misses is felt at block i, k = i or before it.
  package func coupling(_ k: Int, _ i: Int) -> Matrix<Double> {
    let (row, column) = ((addresses.count - 1 - k) * taps, (addresses.count - 1 - i) * taps)
    return try! Matrix(rows: taps, columns: taps) { values in
      for a in 0..<taps { for b in 0..<taps { values[b * taps + a] = factor[row + a, column + b] } }
    }
  }

  /// W of block i, taps × outputs.
  package func wanted(_ i: Int) -> ArraySlice<Double> { wanted[i * taps * outputs..<(i + 1) * taps * outputs] }

  /// The whitened target of block i, given what earlier blocks have missed: G_iiᵀ·W_i − Σ_k
  /// G_kiᵀ·E_k.
  ///
  /// - Parameter misses: E of blocks 0..<i, taps × outputs each.
  package func target(_ i: Int, misses: [[Double]]) -> [Double] {
    var target = [Double](repeating: 0, count: taps * outputs)
    Self.add(coupling(i, i), Array(wanted(i)), 1, taps, outputs, to: &target)
    for k in 0..<i { Self.add(coupling(k, i), misses[k], -1, taps, outputs, to: &target) }
    return target
  }

  /// G_iiᵀ, and block i's target before it is multiplied by that: W_i, moved to make up for what
  /// earlier blocks have missed.
  package func plainTarget(_ i: Int, misses: [[Double]]) -> (transform: Matrix<Double>, target: [Double]) {
    let transform = coupling(i, i)
    var target = target(i, misses: misses)
    for a in (0..<taps).reversed() {
      for b in a + 1..<max(taps, a + 1) {
        for o in 0..<outputs { target[a * outputs + o] -= transform[a, b] * target[b * outputs + o] }
      }
      for o in 0..<outputs { target[a * outputs + o] /= transform[a, a] }
    }
    return (transform, target)
  }

  /// Mᵀ with M·Mᵀ = H_ii: what block i's candidates are multiplied by when it is chosen again.
  ///
  /// - Throws: `CholeskyError` where rounding leaves H_ii without a factor.
  package func revisionTransform(_ i: Int) throws -> Matrix<Double> {
    let lower = try blockFactor(i).lower
    return try Matrix(rows: taps, columns: taps) { values in
      for a in 0..<taps { for b in 0..<taps { values[a * taps + b] = lower[b, a] } }
    }
  }

  private func blockFactor(_ i: Int) throws -> Cholesky<Double> {
    try gram.withView { gram in
      try Cholesky(of: gram.block(rows: i * taps..<(i + 1) * taps, columns: i * taps..<(i + 1) * taps))
    }
  }

  /// The problem of choosing block i again, given all others: Mᵀ with M·Mᵀ = H_ii, and the target
  /// multiplied by it.
  ///
  /// tr(EᵀHE) is least where A_i is at its present value less H_ii⁻¹·(H·E)_i, and grows as ‖Mᵀ·(A_i
  /// − that)‖² from there.
  ///
  /// - Parameter misses: E of all blocks, taps × outputs each.
  /// - Throws: `CholeskyError` where rounding leaves H_ii without a factor.
  package func revision(_ i: Int, misses: [[Double]]) throws -> (transform: Matrix<Double>, target: [Double]) {
    let (transform, center) = try plainRevision(i, misses: misses)
    var target = [Double](repeating: 0, count: taps * outputs)
    Self.add(transform, center, 1, taps, outputs, to: &target)
    return (transform, target)
  }

  /// The same with the target before it is multiplied.
  ///
  /// - Throws: `CholeskyError` where rounding leaves H_ii without a factor.
  package func plainRevision(_ i: Int, misses: [[Double]]) throws -> (transform: Matrix<Double>, target: [Double]) {
    let block = try blockFactor(i)
    var slope = try Matrix<Double>(rows: taps, columns: outputs)
    for k in addresses.indices {
      for a in 0..<taps {
        for b in 0..<taps {
          let factor = gram[i * taps + a, k * taps + b]
          for o in 0..<outputs { slope[a, o] += factor * misses[k][b * outputs + o] }
        }
      }
    }
    try slope.withMutableView { try block.solve(inPlace: $0) }
    let wanted = Array(wanted(i))
    let center = wanted.indices.map { wanted[$0] + misses[i][$0] - slope.values[$0] }
    return (try revisionTransform(i), center)
  }

  /// By how much each output's mean is above that of the kernel that the sums make.
  ///
  /// - Parameters:
  ///   - sums: of each block, in the units of the random slices.
  ///   - scale: what these are multiplied by.
  func missedMeans(_ sums: [[Double]], scale: Double) -> [Double] {
    var missed = means.outputs
    for (block, sum) in sums.enumerated() {
      for tap in 0..<taps {
        for o in 0..<outputs { missed[o] -= scale * means.features[block * taps + tap] * sum[tap * outputs + o] }
      }
    }
    return missed
  }

  /// tr(EᵀHE).
  package func error(_ misses: [[Double]]) -> Double {
    var total = 0.0
    for i in addresses.indices {
      var felt = [Double](repeating: 0, count: taps * outputs)
      for k in 0...i { Self.add(coupling(k, i), misses[k], 1, taps, outputs, to: &felt) }
      for value in felt { total += value * value }
    }
    return total
  }

  /// target += sign · M·X, in a fixed order.
  static func add(
    _ matrix: Matrix<Double>, _ x: [Double], _ sign: Double, _ taps: Int, _ outputs: Int, to target: inout [Double]
  ) {
    for a in 0..<taps {
      for b in 0..<taps {
        let factor = sign * matrix[a, b]
        if factor == 0 { continue }
        for o in 0..<outputs { target[a * outputs + o] += factor * x[b * outputs + o] }
      }
    }
  }
}
