import Foundation
import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// The filters of a block as a superposition search wants them, made from the seed band by band.
struct NetworkBands: SuperpositionBands {
  private let address: BlockAddress
  private let network: RandomNetwork
  private let bands: MagnitudeBands
  private let filters: [[UInt32]]
  private let scalars: [Float]
  /// How errors are measured; nil for the sums of their squares.
  private let geometry: BlockGeometry?
  private let workers: Int
  private let control: RunControl

  /// - Parameters:
  ///   - channel: the filters of the block's channel by band.
  ///   - geometry: how errors are measured; nil for the sums of their squares.
  ///   - workers: cores to make filters on.
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ address: BlockAddress, of channel: ChannelBands, in network: RandomNetwork, geometry: BlockGeometry? = nil,
    workers: Int = 1, _ control: RunControl
  ) throws {
    self.address = address
    self.network = network
    self.control = control
    self.workers = workers
    self.geometry = geometry
    bands = channel.bands
    filters = channel.filters(address.half)
    let (count, tile) = (network.filtersPerChannel, 1 << 16)
    var scalars: [Float] = []
    scalars.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: tile) {
      try control.checkInterruption()
      scalars += network.scalars(
        layer: address.layer, channel: address.channel, filters: start..<min(count, start + tile))
    }
    self.scalars = scalars
  }

  /// Bytes that a block's search takes: bands, scalars and signs of all filters, the largest band
  /// in four copies while it is made, and the beam.
  static func bytes(width: Int, dimension: Int, beam: Int) -> Int {
    let first = MagnitudeBands.oneFilterEach(dimension: dimension, filters: width).fractions(of: 0)
    let largest = Int(Double(width) * (first.upperBound - first.lowerBound)) + 1
    return ByteCount.sum(
      ByteCount.product(28, width), ByteCount.product(largest, dimension, 16),
      SuperpositionSearch.bytes(width: beam, dimension: dimension))
  }

  /// Entries of a slice.
  private var dimension: Int { network.layers[address.layer - 1].sliceCount }

  var metric: SuperpositionMetric? { geometry.map { SuperpositionMetric(root: $0.root) } }

  func metric(of band: Int) throws -> SuperpositionMetric? {
    let longest = length(atFraction: bands.fractions(of: band).upperBound)
    return try geometry?.metric(variance: BlockGeometry.spread * longest * longest * Double(dimension))
  }

  /// The scale below which a part of all filters are.
  private func length(atFraction fraction: Double) -> Double {
    let word = UInt64(1) << 63 | UInt64(min(fraction * 0x1p63, 0x1.fffffffffffffp62))
    return InverseNormal.normal(ofWord: word)
  }

  var count: Int { bands.count }

  func candidateCount(of band: Int) -> Int { filters[band].count }

  func typicalScale(of band: Int) -> Double {
    let fractions = bands.fractions(of: band)
    return length(atFraction: (fractions.lowerBound + fractions.upperBound) / 2)
  }

  func band(_ index: Int) throws -> SuperpositionBand? {
    let filters = filters[index]
    if filters.isEmpty { return nil }
    let m = dimension
    let spread = try metric(of: index).map { try Self.spread($0.root, m) }
    func matrix(_ tiles: [[Float]]) throws -> Matrix<Float> {
      if tiles.count == 1 { return try Matrix(rows: filters.count, columns: m, values: tiles[0]) }
      var values: [Float] = []
      values.reserveCapacity(filters.count * m)
      for tile in tiles { values += tile }
      return try Matrix(rows: filters.count, columns: m, values: values)
    }
    let stream = WeightAddress.slice(
      seed: network.seed, block: address.layer, channel: address.channel, filter: 0)
    let tiles = (filters.count + 1023) / 1024
    let made = try Workers.map(count: tiles, workers: min(workers, tiles)) {
      tile -> (plain: [Float], measured: [Float]?) in
      try control.checkInterruption()
      let rows = tile * 1024..<min(filters.count, (tile + 1) * 1024)
      let plain = try Matrix<Float>(rows: rows.count, columns: m) { values in
        filters.withUnsafeBufferPointer {
          NormalStream.fillRows(
            values, leadingDimension: m, columns: m, filters: UnsafeBufferPointer(rebasing: $0[rows]), at: stream)
        }
      }
      return (plain.values, try spread.map { try Self.product(plain, $0).values })
    }
    let scales = filters.map { abs(scalars[Int($0)]) }
    let plain = try matrix(made.map(\.plain))
    let measured = spread == nil ? nil : try matrix(made.compactMap(\.measured))
    return SuperpositionBand(
      candidates: try Candidates(scales: scales, vectors: measured ?? plain),
      plain: measured == nil ? nil : plain, names: filters)
  }

  /// Tᵀ ⊗ 1, what slices are multiplied by.
  private static func spread(_ root: Matrix<Double>, _ m: Int) throws -> Matrix<Float> {
    let taps = root.rows
    let outputs = m / taps
    return try Matrix<Float>(rows: m, columns: m) { values in
      values.initialize(repeating: 0)
      for a in 0..<taps {
        for b in 0..<taps {
          for o in 0..<outputs { values[(b * outputs + o) * m + a * outputs + o] = Float(root[a, b]) }
        }
      }
    }
  }

  /// V·(Tᵀ ⊗ 1): one GEMM at one thread.
  private static func product(_ vectors: Matrix<Float>, _ spread: Matrix<Float>) throws -> Matrix<Float> {
    var product = try Matrix<Float>(rows: vectors.rows, columns: spread.columns)
    try BLASLibrary.withThreads(1) {
      try product.withMutableView { product in
        try vectors.withView { v in try spread.withView { try multiply(v, $0, into: product) } }
      }
    }
    return product
  }
}
