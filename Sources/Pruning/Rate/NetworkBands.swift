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

  /// Slices that are made at once.
  private static let tileRows = 1024

  /// - Parameters:
  ///   - channel: the filters of the block's channel.
  ///   - geometry: how errors are measured; nil for the sums of their squares.
  ///   - workers: cores to make filters on.
  init(
    _ address: BlockAddress, of channel: ChannelFilters, in network: RandomNetwork, geometry: BlockGeometry? = nil,
    workers: Int = 1, _ control: RunControl
  ) {
    self.address = address
    self.network = network
    self.control = control
    self.workers = workers
    self.geometry = geometry
    bands = channel.bands.bands
    filters = channel.bands.filters(address.half)
    scalars = channel.scalars
  }

  /// Bytes that a block's search takes: bands, scalars and signs of all filters, the largest band
  /// as it is and as it is measured, and the beam.
  static func bytes(width: Int, dimension: Int, beam: Int) -> Int {
    let first = MagnitudeBands.oneFilterEach(dimension: dimension, filters: width).fractions(of: 0)
    let largest = Int(Double(width) * (first.upperBound - first.lowerBound)) + 1
    return ByteCount.sum(
      ByteCount.product(28, width), ByteCount.product(largest, dimension, 8),
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
    let (plain, measured) = try vectors(of: filters, spread)
    let scales = filters.map { abs(scalars[Int($0)]) }
    return SuperpositionBand(
      candidates: try Candidates(scales: scales, vectors: measured ?? plain),
      plain: measured == nil ? nil : plain, names: filters)
  }

  /// The filters' slices V and V·(Tᵀ ⊗ 1), each made in its place: tiles of rows by a core each,
  /// with a GEMM at one thread.
  private func vectors(
    of filters: [UInt32], _ spread: Matrix<Float>?
  ) throws -> (plain: Matrix<Float>, measured: Matrix<Float>?) {
    let (m, tiles) = (dimension, (filters.count + Self.tileRows - 1) / Self.tileRows)
    let stream = WeightAddress.slice(
      seed: network.seed, block: address.layer, channel: address.channel, filter: 0)
    func fill(_ plain: UnsafeMutableBufferPointer<Float>, _ measured: UnsafeMutableBufferPointer<Float>?) throws {
      nonisolated(unsafe) let (plain, measured) = (plain, measured)
      _ = try Workers.map(count: tiles, workers: min(workers, tiles)) { tile in
        try control.checkInterruption()
        let rows = tile * Self.tileRows..<min(filters.count, (tile + 1) * Self.tileRows)
        let part = rows.lowerBound * m..<rows.upperBound * m
        let own = UnsafeMutableBufferPointer(rebasing: plain[part])
        filters.withUnsafeBufferPointer {
          NormalStream.fillRows(
            own, leadingDimension: m, columns: m, filters: UnsafeBufferPointer(rebasing: $0[rows]), at: stream)
        }
        guard let spread, let measured else { return }
        let product = UnsafeMutableBufferPointer(rebasing: measured[part])
        try spread.withView {
          try multiply(
            MatrixView(own.baseAddress.map { UnsafePointer($0) }, rows: rows.count, columns: m), $0,
            into: MutableMatrixView(product.baseAddress, rows: rows.count, columns: m))
        }
      }
    }
    var measured: [Float]?
    let plain = try Self.values(filters.count * m) { plain in
      if spread == nil {
        try fill(plain, nil)
      } else {
        measured = try Self.values(filters.count * m) { try fill(plain, $0) }
      }
    }
    return (
      try Matrix(rows: filters.count, columns: m, values: plain),
      try measured.map { try Matrix(rows: filters.count, columns: m, values: $0) }
    )
  }

  /// So many numbers, all of which `body` writes.
  private static func values(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows -> [Float] {
    try [Float](unsafeUninitializedCapacity: count) { values, initialized in
      try body(UnsafeMutableBufferPointer(rebasing: values[..<count]))
      initialized = count
    }
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
}
