import Foundation
import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// Codes vectors as kept filters of a random layer, in a file of so many bits an entry.
///
/// ```swift
/// let law = VectorEncoder.Law.gaussian
/// let vectors = (0..<8).map { law.vector(dimension: 72, seed: 1, index: $0) }
/// let code = try VectorEncoder(seed: 7, width: 1 << 14).code(vectors, bits: 2)
/// let again = try VectorCode(decoding: code.encoded()).vectors()
/// ```
public struct VectorEncoder: Sendable {
  /// The random layer's seed.
  public var seed: UInt64
  /// N: 2N filters a vector, about half of which have the sign that counts.
  public var width: Int
  /// Partial subsets kept.
  public var beam: Int
  /// Vectors in work at once.
  public var workers: Int

  /// An encoder for a random layer.
  public init(seed: UInt64, width: Int, beam: Int = RateSearch.defaultBeam, workers: Int = Workers.availableCores) {
    self.seed = seed
    self.width = width
    self.beam = beam
    self.workers = workers
  }

  /// A code of least squared error, found among files of at most so many bits an entry.
  ///
  /// - Parameters:
  ///   - vectors: of one length, not all of them 0.
  ///   - bits: for each entry of all vectors, the file's first bytes included.
  ///   - control: asked for a stop before each band.
  /// - Throws: `TicketError.invalidParameter` for vectors of no or different lengths, entries that
  ///   are no numbers, a budget that no file meets; `Interruption`.
  /// - Complexity: m normals and 4·m·beam operations a filter; m · N / 16 · 4 bytes for each
  ///   worker.
  public func code(
    _ vectors: [[Double]], bits: Double, control: RunControl = RunControl()
  ) throws -> VectorCode {
    let m = vectors.first?.count ?? 0
    guard m > 0, vectors.allSatisfy({ $0.count == m && $0.allSatisfy(\.isFinite) }) else {
      throw TicketError.invalidParameter(
        name: "vectors", expected: "numbers, one or more in each of them, as many in all", found: "others")
    }
    guard bits > 0, bits.isFinite else {
      throw TicketError.invalidParameter(name: "bits", expected: "a number above 0", found: "\(bits)")
    }
    guard beam >= 1 else {
      throw TicketError.invalidParameter(name: "beam", expected: "1 or more", found: "\(beam)")
    }
    let total = Double(m * vectors.count)
    let square = vectors.reduce(0) { $1.reduce($0) { $0 + $1 * $1 } } / total
    let exponent = Self.exponent(rootMeanSquare: square.squareRoot(), dimension: m, width: width)
    let network = try VectorCode.network(seed: seed, width: width, dimension: m, vectors: vectors.count)
    let cut = MagnitudeBands.oneFilterEach(dimension: m, filters: width)
    let targets = vectors.map { $0.map { scalbn($0, -exponent) } }
    let bytes = Int(bits * total / 8)
    let price =
      BitAllocation.ahead
      * BitAllocation.price(
        energies: targets.map { $0.reduce(0) { $0 + $1 * $1 } }, weights: vectors.map { _ in 1.0 },
        entries: m * vectors.count, bits: bits)
    let parts = try Workers.map(count: vectors.count, workers: workers) { vector -> BitAllocation.Part in
      var search = SuperpositionSearch()
      search.width = beam
      let (address, channel) = (VectorCode.address(vector), ChannelBands(network, layer: 1, channel: vector, bands: cut))
      let bands = NetworkBands(address, of: channel, in: network, control)
      let curve = try search.curve(
        target: targets[vector], bands: bands, price: price,
        greatestBits: PricedSearch.greatestBits(targets[vector], price: price), control: control)
      return .init(curve: curve, weight: 1, layer: 1, sizes: channel.counts(address.half))
    }
    let allocation = BitAllocation(parts: parts, code: BandedListCode(network, bands: [cut]))
    let empty = VectorCode(
      seed: seed, width: width, dimension: m, exponent: exponent, kept: vectors.map { _ in [] })
    let least = try empty.encoded(perOctave: cut.perOctave).count
    let found = try allocation.fitted(bytes: bytes, besides: least - 1) { choices in
      let code = VectorCode(
        seed: seed, width: width, dimension: m, exponent: exponent, kept: choices.map { $0.names.sorted() })
      return (code, try code.encoded(perOctave: cut.perOctave).count)
    }?.file
    guard let found else {
      throw TicketError.invalidParameter(
        name: "bits", expected: "enough for a file's first bytes", found: "\(bytes) bytes")
    }
    return found
  }

  /// The power of two that makes the first candidate of a typical vector about 0.9 times as long as
  /// a slice: there candidates are many, and most lengths below are left for later ones.
  static func exponent(rootMeanSquare: Double, dimension m: Int, width: Int) -> Int {
    guard rootMeanSquare > 0 else { return 0 }
    let bits = log2(max(2, Double(width) / 16))
    let along = max(0.05, 1 - exp2(-2 * bits * 0.8 / Double(m))).squareRoot()
    return Int(log2(rootMeanSquare * along / 0.9).rounded())
  }
}

extension VectorEncoder {
  /// Laws of random vectors, each with independent entries of mean 0 and variance 1.
  public enum Law: String, Sendable, CaseIterable {
    case gaussian
    case laplacian

    /// A vector of the law; another seed or index gives another one.
    ///
    /// - Complexity: a normal or a uniform number an entry.
    public func vector(dimension: Int, seed: UInt64, index: Int) -> [Double] {
      // Layer 0, as no weight of a random network has.
      let path = StreamPath(filter: UInt64(index), channel: self == .gaussian ? 4 : 5)
      let address = StreamAddress(seed: seed, path: path)
      return (0..<dimension).map { entry in
        switch self {
        case .gaussian: return NormalStream.value(at: address, entry: entry)
        case .laplacian:
          let uniform = UniformStream.symmetricValue(at: address, entry: entry)
          return (uniform < 0 ? 1 : -1) * log(1 - abs(uniform)) / 2.0.squareRoot()
        }
      }
    }
  }
}
