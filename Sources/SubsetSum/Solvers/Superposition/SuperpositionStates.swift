import Foundation
import LinearAlgebra
import RunControl

/// The subsets of a superposition search's beam: what each misses, and how it is judged.
struct SuperpositionStates: Sendable {
  /// Every subset that was ever in the beam.
  private(set) var curve: SuperpositionCurve
  /// Bits that the squared error 1 is worth.
  private let worth: Double
  /// What errors are in the end.
  private let final: SuperpositionMetric?
  private let dimension: Int
  private var states: [State]

  private struct State: Sendable {
    /// The step that made it, −1 for the empty subset.
    var step: Int
    var bits: Double
    var error: Double
    /// bits + worth · error.
    var judgement: Double
    /// The exclusive or of its candidates' hashes: equal for equal subsets.
    var key: UInt64
    /// What the target has and the subset has not.
    var residual: [Double]
    /// The same as the band's metric measures it.
    var felt: [Double]
  }

  /// A subset with one candidate more, before it is made.
  private struct Child: Sendable {
    let judgement: Double
    let parent: Int
    let row: Int
    let error: Double

    /// Better first; which is which does not depend on the order they come in.
    func precedes(_ other: Child) -> Bool {
      (judgement, parent, row) < (other.judgement, other.parent, other.row)
    }
  }

  init(target: [Double], metric: SuperpositionMetric?, worth: Double) {
    self.worth = worth
    final = metric
    dimension = target.count
    let felt = metric?.felt(target) ?? target
    let energy = Self.squares(felt)
    curve = SuperpositionCurve(energy: energy)
    states = [
      State(step: -1, bits: 0, error: energy, judgement: worth * energy, key: 0, residual: target, felt: felt)
    ]
  }

  private static func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  /// Judges all subsets by another metric.
  mutating func measure(by metric: SuperpositionMetric) {
    for s in states.indices {
      states[s].felt = metric.felt(states[s].residual)
      states[s].error = Self.squares(states[s].felt)
      states[s].judgement = states[s].bits + worth * states[s].error
    }
  }

  var leastError: Double { states.reduce(.infinity) { min($0, $1.error) } }
  var greatestError: Double { states.reduce(0) { max($0, $1.error) } }
  var leastBits: Double { states.reduce(.infinity) { min($0, $1.bits) } }

  /// Adds at most one candidate of a band to each subset, where that makes one of the `width` best.
  ///
  /// - Returns: whether any subset grew.
  mutating func extend(
    by band: SuperpositionBand, _ index: Int, width: Int, tileRows: Int, workers: Int, greatestBits: Double
  ) throws -> Bool {
    let rows = band.candidates.count
    // As many parts as cores; which children are best does not depend on the parts.
    let parts = max(1, min(workers, rows / max(1, tileRows)))
    let (before, length) = (self, (rows + parts - 1) / parts)
    @Sendable func part(_ number: Int) throws -> [Child] {
      // Products of tiles are too small for more threads, which would spin between them.
      try BLASLibrary.withThreads(1) {
        try before.children(
          band, index, of: min(rows, number * length)..<min(rows, (number + 1) * length), count: 2 * width,
          tileRows: tileRows, greatestBits: greatestBits)
      }
    }
    let children =
      parts == 1
      ? try part(0)
      : Array(
        try Workers.map(count: parts, workers: workers, part).joined().sorted { $0.precedes($1) }.prefix(2 * width))
    // Subsets as they are and grown ones, best first, each once.
    var (next, keys): ([State], Set<UInt64>) = ([], [])
    let order = states.indices.sorted { (states[$0].judgement, $0) < (states[$1].judgement, $1) }
    var (old, new, hasGrown) = (0, 0, false)
    while next.count < width, old < order.count || new < children.count {
      let takesOld =
        new == children.count
        || old < order.count && states[order[old]].judgement <= children[new].judgement
      if takesOld {
        let state = states[order[old]]
        old += 1
        if keys.insert(state.key).inserted { next.append(state) }
      } else {
        let child = children[new]
        new += 1
        let key = states[child.parent].key ^ Self.hash(band.names[child.row], index)
        guard keys.insert(key).inserted else { continue }
        next.append(grown(child, key, band, index))
        hasGrown = true
      }
    }
    states = next
    return hasGrown
  }

  private mutating func grown(_ child: Child, _ key: UInt64, _ band: SuperpositionBand, _ index: Int) -> State {
    var state = states[child.parent]
    state.bits += band.bits
    state.error = child.error
    state.judgement = child.judgement
    state.key = key
    for k in 0..<dimension { state.felt[k] -= band.candidates.coordinate(child.row, k) }
    if let plain = band.plain, case .factored(let scales, _) = band.candidates.storage {
      let scale = Double(scales[child.row])
      for k in 0..<dimension { state.residual[k] -= scale * Double(plain[child.row, k]) }
    } else {
      state.residual = state.felt
    }
    let error = final.map { Self.squares($0.felt(state.residual)) } ?? child.error
    state.step = curve.append(
      .init(parent: state.step, name: band.names[child.row], band: index, bits: state.bits, error: error))
    return state
  }

  private static func hash(_ name: UInt32, _ band: Int) -> UInt64 {
    // An offset, as a hash of 0 would make a subset equal to the one without the candidate.
    var word = (UInt64(name) << 16 | UInt64(band & 0xffff)) &+ 0x9e37_79b9_7f4a_7c15
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  /// The best subsets grown by some rows of a band, best first.
  private func children(
    _ band: SuperpositionBand, _ index: Int, of all: Range<Int>, count: Int, tileRows: Int, greatestBits: Double
  ) throws -> [Child] {
    guard case .factored(let scales, let vectors) = band.candidates.storage else {
      preconditionFailure("a band's candidates are Float32 vectors and scales")
    }
    let open = states.indices.filter { states[$0].bits + band.bits <= greatestBits }
    if open.isEmpty { return [] }
    // Columns in groups of sixteen; those that are left over score 0 and never pass.
    let (m, columns) = (dimension, (open.count + 15) / 16 * 16)
    let residuals = try Matrix<Float>(rows: columns, columns: m) { values in
      values.initialize(repeating: 0)
      for (c, s) in open.enumerated() { for k in 0..<m { values[c * m + k] = Float(states[s].felt[k]) } }
    }
    var best = BestChildren(count: count)
    // What a grown subset's judgement must be at most: that of the worst that may stay.
    var cut = Double.infinity
    var limits = [Float](repeating: -.infinity, count: columns)
    for c in open.indices { limits[c] = .infinity }
    func lower(to judgement: Double) {
      cut = judgement
      for (c, s) in open.enumerated() {
        let error = (judgement - states[s].bits - band.bits) / worth
        limits[c] = Float(error - states[s].error).nextUp
      }
    }
    if 2 * states.count >= count { lower(to: states.reduce(-.infinity) { max($0, $1.judgement) }) }
    // Rounding: the residual, and m products and sums in any order.
    let unit = Float(m + 8) * 0x1p-23
    let longest = Float(states[open.max { states[$0].error < states[$1].error } ?? 0].error.squareRoot()).nextUp
    var scores = [Float](repeating: 0, count: min(tileRows, all.count) * columns)
    for start in stride(from: all.lowerBound, to: all.upperBound, by: tileRows) {
      let rows = start..<min(all.upperBound, start + tileRows)
      try scores.withUnsafeMutableBufferPointer { scores in
        try vectors.withView { vectors in
          try residuals.withView { residuals in
            try multiply(
              vectors.block(rows: rows, columns: 0..<m), residuals.transposed,
              into: MutableMatrixView(scores.baseAddress, rows: rows.count, columns: columns))
          }
        }
      }
      scores.withUnsafeBufferPointer { scores in
        vectors.values.withUnsafeBufferPointer { vectors in
          for row in rows {
            let vector = vectors.baseAddress.map { $0 + row * m }
            let (scale, square) = (scales[row], Self.square(vector, m))
            let (twice, length) = (2 * scale, scale * square.squareRoot())
            let own = length * length
            let margin = unit * (own + 2 * length * longest)
            let floor = SIMD16<Float>(repeating: own - margin)
            let place = (row - rows.lowerBound) * columns
            for group in stride(from: 0, to: columns, by: 16) {
              let part = UnsafeRawBufferPointer(scores).loadUnaligned(
                fromByteOffset: 4 * (place + group), as: SIMD16<Float>.self)
              let limit = limits.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * group, as: SIMD16<Float>.self) }
              let passes = floor .<= limit + twice * part
              if !any(passes) { continue }
              for lane in 0..<16 where passes[lane] && group + lane < open.count {
                let s = open[group + lane]
                if curve.contains(band.names[row], band: index, at: states[s].step) { continue }
                let error = Self.error(states[s].felt, vector, Double(scale))
                let judgement = states[s].bits + band.bits + worth * error
                guard judgement <= cut else { continue }
                if let worst = best.insert(Child(judgement: judgement, parent: s, row: row, error: error)) {
                  lower(to: min(cut, worst))
                }
              }
            }
          }
        }
      }
    }
    return best.sorted
  }

  private static func square(_ vector: UnsafePointer<Float>?, _ count: Int) -> Float {
    guard let vector else { return 0 }
    var sums = SIMD16<Float>(repeating: 0)
    var k = 0
    while k + 16 <= count {
      let part = UnsafeRawPointer(vector + k).loadUnaligned(as: SIMD16<Float>.self)
      sums += part * part
      k += 16
    }
    var sum = sums.sum()
    while k < count {
      sum += vector[k] * vector[k]
      k += 1
    }
    return sum
  }

  /// ‖r − u·v‖², one term after another.
  private static func error(_ residual: [Double], _ vector: UnsafePointer<Float>?, _ scale: Double) -> Double {
    guard let vector else { return 0 }
    var sum = 0.0
    for k in residual.indices {
      let difference = residual[k] - scale * Double(vector[k])
      sum += difference * difference
    }
    return sum
  }

  /// The best of all children, in a heap whose first is the worst.
  private struct BestChildren {
    private let count: Int
    private var heap: [Child] = []

    init(count: Int) { self.count = count }

    var sorted: [Child] { heap.sorted { $0.precedes($1) } }

    /// Takes a child if it is among the best.
    ///
    /// - Returns: the judgement that the next one must reach, once there are enough.
    mutating func insert(_ child: Child) -> Double? {
      if heap.count < count {
        heap.append(child)
        var at = heap.count - 1
        while at > 0, heap[(at - 1) / 2].precedes(heap[at]) {
          heap.swapAt(at, (at - 1) / 2)
          at = (at - 1) / 2
        }
        return heap.count == count ? heap[0].judgement : nil
      }
      guard child.precedes(heap[0]) else { return nil }
      heap[0] = child
      var at = 0
      while true {
        let (left, right) = (2 * at + 1, 2 * at + 2)
        var worst = at
        if left < count, heap[worst].precedes(heap[left]) { worst = left }
        if right < count, heap[worst].precedes(heap[right]) { worst = right }
        if worst == at { break }
        heap.swapAt(at, worst)
        at = worst
      }
      return heap[0].judgement
    }
  }
}
