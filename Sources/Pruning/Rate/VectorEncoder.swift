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
/// let code = try VectorEncoder(seed: 7, width: 1 << 14).code(vectors, bits: 2).code
/// let again = try VectorCode(decoding: code.encoded()).vectors()
/// ```
public struct VectorEncoder: Sendable {
  /// The random layer's seed.
  public var seed: UInt64
  /// N: 2N filters a vector, about half of which have the sign that counts.
  public var width: Int
  /// Partial subsets kept, 1 to 2^16.
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

  /// The most bits an entry that a file may be allowed.
  public static let greatestBits = 64.0
  /// The largest N: 2²⁵.
  public static let greatestWidth = VectorCode.greatestWidth

  /// A code of least squared error, found among files of at most so many bits an entry.
  ///
  /// - Parameters:
  ///   - vectors: of one length; the largest entry is 0 or 2^−500 to 2^500.
  ///   - bits: for each entry of all vectors, the file's first bytes included, at most 64.
  ///   - control: limits of time and memory; asked for a stop before each band.
  /// - Returns: the code, and why the search stopped before its end; nil where it did not. One that
  ///   is stopped gives its best so far, with empty lists of vectors that it did not come to.
  /// - Throws: `TicketError.invalidParameter` for vectors of no or different lengths, entries that
  ///   are no numbers or too large, more than 2²⁴ of them or 2²⁸ filters in all, a width or beam
  ///   out of range, a budget that no file meets; `PruningError.memoryLimit`.
  /// - Complexity: m normals and 4·m·beam operations a filter; m · N / 16 · 4 bytes for each
  ///   worker.
  public func code(
    _ vectors: [[Double]], bits: Double, control: RunControl = RunControl()
  ) throws -> (code: VectorCode, stop: StopReason?) {
    let m = vectors.first?.count ?? 0
    guard m > 0, vectors.allSatisfy({ $0.count == m && $0.allSatisfy(\.isFinite) }) else {
      throw TicketError.invalidParameter(
        name: "vectors", expected: "numbers, one or more in each of them, as many in all", found: "others")
    }
    guard bits > 0, bits <= Self.greatestBits else {
      throw TicketError.invalidParameter(name: "bits", expected: "a number above 0, at most 64", found: "\(bits)")
    }
    try SuperpositionSearch.requireUsable(beam: beam)
    let largest = vectors.reduce(0) { $1.reduce($0) { max($0, abs($1)) } }
    guard largest == 0 || (0x1p-500...0x1p500).contains(largest) else {
      throw TicketError.invalidParameter(
        name: "vectors", expected: "a largest entry of 2^-500 to 2^500, or 0", found: "\(largest)")
    }
    guard (1...Self.greatestWidth).contains(width),
      2 * width <= VectorCode.greatestFilterCount / vectors.count, m <= VectorCode.greatestEntryCount / vectors.count
    else {
      throw TicketError.invalidParameter(
        name: "width and vectors", expected: "a width of 1 to 2^25, at most 2^28 filters and 2^24 entries in all",
        found: "\(vectors.count) · 2 · \(width) and \(vectors.count) · \(m)")
    }
    let workers = try affordableWorkers(vectors.count, m, control)
    let total = Double(m * vectors.count)
    let square = vectors.reduce(0) { $1.reduce($0) { $0 + $1 * $1 } } / total
    let exponent = Self.exponent(rootMeanSquare: square.squareRoot(), dimension: m, width: width)
    let network = try VectorCode.network(seed: seed, width: width, dimension: m, vectors: vectors.count)
    let cut = MagnitudeBands.oneFilterEach(dimension: m, filters: width)
    let targets = vectors.map { $0.map { scalbn($0, -exponent) } }
    let bytes = Int(bits * total / 8)
    let energies = targets.map { $0.reduce(0) { $0 + $1 * $1 } }
    let price =
      BitAllocation.ahead
      * BitAllocation.price(
        energies: energies, weights: vectors.map { _ in 1.0 }, entries: m * vectors.count, bits: bits)
    let empty = VectorCode(
      seed: seed, width: width, dimension: m, exponent: exponent, kept: vectors.map { _ in [] })
    let began = ContinuousClock.now
    let least = try empty.encoded().count
    var found = least <= bytes ? empty : nil
    // Files are made and read some ten times after the search.
    let control = RateSearch.control(control, leaving: (ContinuousClock.now - began) * 12)
    var stop: StopReason?
    if price > 0 {
      let parts = try Workers.map(count: vectors.count, workers: workers) {
        try part($0, targets[$0], energies[$0], price: price, network, cut, control)
      }
      stop = control.interruption()
      let best = try BitAllocation(parts: parts, code: BandedListCode(network, bands: [cut]))
        .fitted(bytes: bytes, besides: least) { choices in
          let code = VectorCode(
            seed: seed, width: width, dimension: m, exponent: exponent, kept: choices.map { $0.names.sorted() })
          return (code, try code.encoded().count)
        }
      found = best?.file ?? found
    }
    guard let found else {
      throw TicketError.invalidParameter(
        name: "bits", expected: "enough for a file's first bytes", found: "\(bytes) bytes")
    }
    return (found, stop)
  }

  /// Vectors that may be in work at once.
  ///
  /// - Throws: `PruningError.memoryLimit` where one would already need more than allowed.
  private func affordableWorkers(_ vectors: Int, _ m: Int, _ control: RunControl) throws(PruningError) -> Int {
    let own = ByteCount.product(vectors, m, 16)
    let task = NetworkBands.bytes(width: width, dimension: m, beam: beam)
    let allowed = control.limits.allowedBytes
    guard ByteCount.sum(own, task) <= allowed else {
      throw .memoryLimit(neededBytes: ByteCount.sum(own, task), allowedBytes: allowed, layer: 1)
    }
    return min(workers, max(1, (allowed - own) / max(1, task)))
  }

  /// A vector's subsets; the empty one alone where the run had to stop before it.
  private func part(
    _ vector: Int, _ target: [Double], _ energy: Double, price: Double, _ network: RandomNetwork,
    _ cut: MagnitudeBands, _ control: RunControl
  ) throws -> BitAllocation.Part {
    var search = SuperpositionSearch()
    search.width = beam
    let address = VectorCode.address(vector)
    var sizes = [Int](repeating: 0, count: cut.count)
    let curve = try BitAllocation.Part.curve(energy: energy) {
      let channel = try ChannelFilters(network, layer: 1, channel: vector, bands: cut, control)
      sizes = channel.bands.counts(address.half)
      return try search.curve(
        target: target, bands: NetworkBands(address, of: channel, in: network, control), price: price,
        greatestBits: PricedSearch.greatestBits(target, price: price), control: control)
    }
    return .init(curve: curve, weight: 1, layer: 1, sizes: sizes)
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
