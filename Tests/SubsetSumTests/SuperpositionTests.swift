import Foundation
import LinearAlgebra
import RandomStreams
import SubsetSum
import Testing

/// The search for subsets in few bits, against exhaustion and against itself.
@Suite struct SuperpositionTests {
  /// Bands of normal vectors, each a part as long as the one before.
  private struct Bands: SuperpositionBands {
    let made: [SuperpositionBand]
    /// 0 for bands that are never too long.
    let scales: [Double]

    init(dimension m: Int, sizes: [Int], ratio: Float, seed: UInt64, isAlwaysWanted: Bool = false) throws {
      var first = 0
      scales = sizes.indices.map { isAlwaysWanted ? 0 : 1.05 * Double(powf(ratio, Float($0))) }
      made = try sizes.enumerated().map { index, size in
        let rows = try Matrix<Float>(rows: size, columns: m) { values in
          NormalStream.fill(values, at: StreamAddress(seed: seed, path: StreamPath(filter: UInt64(index))))
        }
        let scales = (0..<size).map { powf(ratio, Float(index)) * (1 + 0.1 * Float($0) / Float(size)) }
        let names = (0..<size).map { UInt32(first + $0) }
        first += size
        return SuperpositionBand(candidates: try Candidates(scales: scales, vectors: rows), names: names)
      }
    }

    var count: Int { made.count }
    func candidateCount(of band: Int) -> Int { made[band].names.count }
    func typicalScale(of band: Int) -> Double { scales[band] }
    func band(_ index: Int) throws -> SuperpositionBand? { made[index] }

    /// Σ of named candidates.
    func error(_ names: [UInt32], _ target: [Double]) -> Double {
      var left = target
      for band in made {
        for (row, name) in band.names.enumerated() where names.contains(name) {
          for k in left.indices { left[k] -= band.candidates.coordinate(row, k) }
        }
      }
      return left.reduce(0) { $0 + $1 * $1 }
    }
  }

  private static func target(_ m: Int, seed: UInt64) -> [Double] {
    (0..<m).map { 2 * NormalStream.value(at: StreamAddress(seed: seed, path: StreamPath(channel: 9)), entry: $0) }
  }

  /// How many of each band of four the subsets of each size have, where a band gives `most`.
  private static func quotas(most: Int) -> [[Int]] {
    var (quotas, now) = ([[Int]](), [0, 0, 0])
    for band in 0..<3 {
      for _ in 0..<most {
        now[band] += 1
        quotas.append(now)
      }
    }
    return quotas
  }

  private static func hasQuota(_ subset: Int, _ quota: [Int]) -> Bool {
    (0..<3).allSatisfy { (subset >> (4 * $0) & 15).nonzeroBitCount == quota[$0] }
  }

  /// A beam as wide as there are subsets meets the best of those with as many of each band.
  @Test(arguments: [1, 2, 3, 4], [1, 2, 3]) func aWideBeamFindsTheOptimum(most: Int, seed: UInt64) throws {
    let bands = try Bands(dimension: 3, sizes: [4, 4, 4], ratio: 0.7, seed: seed, isAlwaysWanted: true)
    let target = Self.target(3, seed: seed)
    var search = SuperpositionSearch()
    search.width = 5000
    search.choicesPerBand = most
    search.tileRows = 3
    let curve = try search.curve(target: target, bands: bands, price: 1e-9, greatestBits: 100)
    #expect(curve.range == -1..<3 * most)
    for (index, quota) in Self.quotas(most: most).enumerated() {
      var least = Double.infinity
      for subset in 0..<1 << 12 where Self.hasQuota(subset, quota) {
        least = min(least, bands.error((0..<12).filter { subset >> $0 & 1 == 1 }.map { UInt32($0) }, target))
      }
      let found = curve[index]
      #expect(abs(found.error - least) <= 1e-12 * curve.energy, "\(quota)")
      #expect(abs(bands.error(found.names, target) - found.error) <= 1e-12 * curve.energy)
      #expect((0..<3).map { band in found.bands.count { $0 == band } } == quota)
      let choices = quota.reduce(1.0) { $0 * [1, 4, 6, 4, 1][$1] }
      #expect(abs(found.bits - log2(choices) - 0.5 * Double(quota.count { $0 > 0 })) < 1e-9)
    }
  }

  /// Bands of candidates that are too long for what is missing are passed over; where what is
  /// missing is long, a band gives more than one.
  @Test func lengthsDecideHowManyABandGives() throws {
    let bands = try Bands(dimension: 30, sizes: [200, 200, 200, 200], ratio: 0.9, seed: 4)
    for (size, expected) in [(0.01, 0...0), (2.0, 1...12), (60, 16...16)] {
      let target = Self.target(30, seed: 9).map { size / 2 * $0 }
      let curve = try SuperpositionSearch().curve(target: target, bands: bands, price: 1e-9, greatestBits: 1000)
      #expect(expected.contains(curve.range.upperBound), "\(size): \(curve.range)")
    }
  }

  /// Bands whose candidates are measured by a matrix, the first by another one.
  private struct MeasuredBands: SuperpositionBands {
    let metric: SuperpositionMetric?
    let first: SuperpositionMetric
    let scales: [[Float]]
    let rows: [[[Float]]]

    init(root: [Double], first: [Double], sizes: [Int], seed: UInt64) throws {
      metric = SuperpositionMetric(root: try Matrix(rows: 3, columns: 3, values: root))
      self.first = SuperpositionMetric(root: try Matrix(rows: 3, columns: 3, values: first))
      scales = sizes.enumerated().map { index, size in (0..<size).map { powf(0.7, Float(index)) + 0.01 * Float($0) } }
      rows = sizes.enumerated().map { index, size in
        (0..<size).map { row in
          let address = StreamAddress(seed: seed, path: StreamPath(filter: UInt64(row), channel: UInt64(20 + index)))
          return (0..<3).map { Float(NormalStream.value(at: address, entry: $0)) }
        }
      }
    }

    var count: Int { rows.count }
    func candidateCount(of band: Int) -> Int { rows[band].count }
    func typicalScale(of band: Int) -> Double { 0 }
    func metric(of band: Int) -> SuperpositionMetric? { band == 0 ? first : metric }

    func band(_ index: Int) throws -> SuperpositionBand? {
      let measured = rows[index].flatMap { row in
        metric(of: index)!.felt(row.map { Double($0) }).map { Float($0) }
      }
      return SuperpositionBand(
        candidates: try Candidates(
          scales: scales[index], vectors: Matrix(rows: rows[index].count, columns: 3, values: measured)),
        plain: try Matrix(rows: rows[index].count, columns: 3, values: rows[index].flatMap { $0 }),
        names: rows[index].indices.map { UInt32(10 * index + $0) })
    }

    /// The final metric's error of named candidates.
    func error(_ names: [UInt32], _ target: [Double]) -> Double {
      var left = target
      for name in names {
        let (band, row) = (Int(name) / 10, Int(name) % 10)
        for k in 0..<3 { left[k] -= Double(scales[band][row]) * Double(rows[band][row][k]) }
      }
      return metric!.felt(left).reduce(0) { $0 + $1 * $1 }
    }
  }

  /// Many errors at once, over any number of cores, are felt as each is alone, added up in order.
  @Test(arguments: [(1, 1, 1), (3, 1, 9), (5, 7, 40), (4, 8, 64), (25, 16, 300), (9, 33, 129)])
  func errorsAreFeltInOrder(taps: Int, outputs: Int, count: Int) throws {
    func numbers(_ count: Int, _ filter: UInt64) -> [Double] {
      let address = StreamAddress(seed: 3, path: StreamPath(filter: filter))
      return (0..<count).map { NormalStream.value(at: address, entry: $0) }
    }
    let root = try Matrix<Double>(rows: taps, columns: taps, values: numbers(taps * taps, 1))
    let (metric, m) = (SuperpositionMetric(root: root), taps * outputs)
    let errors = numbers(count * m, 2)
    var (felt, squares) = ([Double](), [Double]())
    for e in 0..<count {
      var own: [Double] = []
      for a in 0..<taps {
        for o in 0..<outputs {
          own.append((0..<taps).reduce(0.0) { $0 + root[a, $1] * errors[e * m + $1 * outputs + o] })
        }
      }
      felt += own
      squares.append(own.reduce(0.0) { $0 + $1 * $1 })
      #expect(metric.felt(Array(errors[e * m..<(e + 1) * m])) == own)
    }
    for workers in [1, 2, 3] {
      var found = [Double](repeating: .nan, count: count * m)
      let own = try found.withUnsafeMutableBufferPointer {
        try metric.squares(errors, of: m, workers: workers, felt: $0.baseAddress)
      }
      #expect(found == felt && own == squares)
      #expect(try metric.squares(errors, of: m, workers: workers) == squares)
    }
  }

  /// Keys have the order of their numbers, and the one of any rank is that of the sorted list.
  @Test func ranksOfFloats() {
    var numbers: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity, .leastNonzeroMagnitude, 3, 3, 3, -7.5]
    numbers += (0..<500).map { Float(NormalStream.value(at: StreamAddress(seed: 5), entry: $0 % 300)) }
    let keys = numbers.map { OrderedFloat.key($0) }
    for (key, number) in zip(keys, numbers) { #expect(OrderedFloat.value(key).bitPattern == number.bitPattern) }
    let sorted = keys.sorted()
    #expect(sorted.map { OrderedFloat.value($0) } == numbers.sorted())
    for rank in keys.indices {
      var left = keys
      #expect(OrderedFloat.select(rank, from: &left) == sorted[rank])
      #expect(left.sorted() == sorted)
    }
    var equal = [UInt32](repeating: 7, count: 100)
    #expect(OrderedFloat.select(50, from: &equal) == 7)
  }

  /// Bands measure as they like; what counts in the end is the final metric.
  @Test(arguments: [1, 2, 3]) func errorsAreThoseOfTheFinalMetric(seed: UInt64) throws {
    let bands = try MeasuredBands(
      root: [2, 0, 0, 1, 0.3, 0, -1, 0.5, 4], first: [1, 0, 0, 0, 1, 0, 0, 0, 1], sizes: [4, 4, 4], seed: seed)
    let target = Self.target(3, seed: seed)
    var search = SuperpositionSearch()
    search.width = 5000
    search.choicesPerBand = 2
    let curve = try search.curve(target: target, bands: bands, price: 1e-9, greatestBits: 100)
    #expect(curve.energy == bands.error([], target) && curve.range == -1..<6)
    for (index, quota) in Self.quotas(most: 2).enumerated() {
      var least = Double.infinity
      for subset in 0..<1 << 12 where Self.hasQuota(subset, quota) {
        var names: [UInt32] = []
        for place in 0..<12 where subset >> place & 1 == 1 { names.append(UInt32(10 * (place / 4) + place % 4)) }
        least = min(least, bands.error(names, target))
      }
      #expect(abs(curve[index].error - least) <= 1e-12 * curve.energy, "\(quota)")
      #expect(abs(bands.error(curve[index].names, target) - curve[index].error) <= 1e-12 * curve.energy)
    }
  }

  /// Tiles and workers change nothing.
  @Test func tilesAndWorkersChangeNothing() throws {
    let bands = try Bands(dimension: 20, sizes: [300, 300, 300, 300, 300, 300], ratio: 0.8, seed: 5)
    let target = Self.target(20, seed: 7)
    var search = SuperpositionSearch()
    search.width = 20
    let price = 0.05
    let first = try search.curve(target: target, bands: bands, price: price, greatestBits: 60)
    for (rows, workers) in [(1, 1), (7, 2), (300, 3)] {
      (search.tileRows, search.workers) = (rows, workers)
      let other = try search.curve(target: target, bands: bands, price: price, greatestBits: 60)
      for bits in stride(from: 0.0, through: 60, by: 5) {
        #expect(other.best(within: bits).names == first.best(within: bits).names)
        #expect(other.best(within: bits).error == first.best(within: bits).error)
      }
    }
    #expect(first.best(within: 60).bits <= 60)
  }

  @Test func choicesAreReadOffTheCurve() throws {
    let bands = try Bands(dimension: 20, sizes: [200, 200, 200, 200, 200], ratio: 0.8, seed: 5)
    let target = Self.target(20, seed: 8)
    let curve = try SuperpositionSearch().curve(target: target, bands: bands, price: 0.02, greatestBits: 80)
    #expect(curve.best(within: 0).names.isEmpty && curve.best(within: 0).error == curve.energy)
    #expect(curve.best(price: .infinity).names.isEmpty)
    var last = curve.energy
    for bits in [10.0, 20, 40, 60] {
      let best = curve.best(within: bits)
      #expect(best.error <= last)
      last = best.error
    }
    for price in [0.001, 0.1, 1.0] {
      let best = curve.best(price: price)
      #expect(best.error + price * best.bits <= curve.best(within: best.bits).error + price * best.bits + 1e-12)
    }
    #expect(last < 0.2 * curve.energy, "five choices of 200 in 20 dimensions")
    let nothing = try SuperpositionSearch().curve(target: [0, 0], bands: bands, price: 1, greatestBits: 80)
    #expect(nothing.best(within: 80).names.isEmpty)
  }
}
