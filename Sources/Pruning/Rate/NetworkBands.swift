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
  /// What slices are multiplied by, m × m; nil where errors are those of kernel entries.
  private let transform: Matrix<Float>?
  /// The length that a slice is expected to have then.
  private let sliceLength: Double
  private let control: RunControl

  /// Bits that the count of a band's chosen filters takes beside which of them they are, for each
  /// of them. With 1.6, and beams of greater efficiencies, `fashion-cnn` loses 10.2, 4.3 and 4.2
  /// points at 2, 3 and 4 bits, and with 2.4 it loses 7.2, 2.9 and 2.8 (calibrated, width 16 384,
  /// seed 2001; 11.1, 4.7, 3.4 and 9.2, 3.9, 3.7 with seed 2002).
  static let countBits = 2.4
  /// Bands of an octave that are searched.
  static let perOctave = 8

  /// - Parameters:
  ///   - channel: the filters of the block's channel by band.
  ///   - transform: taps × taps, for each output; nil for none.
  init(
    _ address: BlockAddress, of channel: ChannelBands, in network: RandomNetwork, transform: Matrix<Double>?,
    _ control: RunControl
  ) throws {
    self.address = address
    self.network = network
    self.control = control
    bands = channel.bands
    filters = channel.filters(address.half)
    scalars = network.scalars(layer: address.layer, channel: address.channel)
    let m = network.layers[address.layer - 1].sliceCount
    guard let transform else {
      self.transform = nil
      sliceLength = Double(m).squareRoot()
      return
    }
    let (taps, outputs) = (transform.rows, m / transform.rows)
    let squares = transform.values.reduce(0) { $0 + $1 * $1 }
    sliceLength = (squares * Double(outputs)).squareRoot()
    self.transform = try Matrix<Float>(rows: m, columns: m) { values in
      values.initialize(repeating: 0)
      for a in 0..<taps {
        for b in 0..<taps {
          for o in 0..<outputs { values[(b * outputs + o) * m + a * outputs + o] = Float(transform[a, b]) }
        }
      }
    }
  }

  var count: Int { bands.count }

  func expectedLength(of band: Int) -> Double {
    let low = bands.fractions(of: band).lowerBound
    let word = UInt64(1) << 63 | UInt64(low * 0x1p63)
    return InverseNormal.normal(ofWord: word) * sliceLength
  }

  func band(_ index: Int) throws -> SuperpositionBand? {
    let filters = filters[index]
    if filters.isEmpty { return nil }
    let m = network.layers[address.layer - 1].sliceCount
    let stream = WeightAddress.slice(
      seed: network.seed, block: address.layer, channel: address.channel, filter: 0)
    var interruption: Interruption?
    var vectors = try Matrix<Float>(rows: filters.count, columns: m) { values in
      filters.withUnsafeBufferPointer { filters in
        for start in stride(from: 0, to: filters.count, by: 1024) where interruption == nil {
          let end = min(filters.count, start + 1024)
          NormalStream.fillRows(
            UnsafeMutableBufferPointer(rebasing: values[start * m..<end * m]), leadingDimension: m, columns: m,
            filters: UnsafeBufferPointer(rebasing: filters[start..<end]), at: stream)
          interruption = control.interruption().map(Interruption.init)
        }
      }
    }
    if let interruption { throw interruption }
    if let transform {
      var product = try Matrix<Float>(rows: vectors.rows, columns: m)
      try BLASLibrary.withThreads(1) {
        try product.withMutableView { product in
          try vectors.withView { v in try transform.withView { try multiply(v, $0, into: product) } }
        }
      }
      vectors = product
    }
    let scales = filters.map { abs(scalars[Int($0)]) }
    return SuperpositionBand(
      candidates: try Candidates(scales: scales, vectors: vectors), names: filters,
      bits: BandCost.bits(filters.count))
  }
}

/// What naming a filter of a band is taken to cost.
enum BandCost {
  /// Bits of one of so many, and of saying that one is chosen.
  static func bits(_ count: Int) -> Double { log2(Double(count)) + NetworkBands.countBits }
}
