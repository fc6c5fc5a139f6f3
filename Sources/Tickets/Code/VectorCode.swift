import Convolution
import RandomStreams

/// Vectors as a seed and lists of kept filters: vector t is 2^exponent · Σ |u_q|·V_q over some
/// filters q of the positive half of channel t of a random layer.
///
/// The layer is 1×1, from as many channels as there are vectors to as many outputs as a vector has
/// entries; it is layer 1 of the random network of the seed.
public struct VectorCode: Sendable, Hashable {
  /// The random network's seed.
  public let seed: UInt64
  /// N: 2N hidden filters a vector.
  public let width: Int
  /// Entries of a vector.
  public let dimension: Int
  /// The power of two that sums are multiplied by.
  public let exponent: Int
  /// Kept filters of each vector, ascending, all of the positive half.
  public let kept: [[UInt32]]

  private static let version: UInt8 = 2

  /// A code of given lists.
  public init(seed: UInt64, width: Int, dimension: Int, exponent: Int, kept: [[UInt32]]) {
    self.seed = seed
    self.width = width
    self.dimension = dimension
    self.exponent = exponent
    self.kept = kept
  }

  /// The random layer of so many vectors.
  ///
  /// - Throws: `TicketError.invalidParameter` for a width outside 1…2³⁰.
  package static func network(
    seed: UInt64, width: Int, dimension: Int, vectors: Int
  ) throws(TicketError) -> RandomNetwork {
    let window = SlidingWindow(height: 1, width: 1)
    return try RandomNetwork(
      seed: seed, width: width,
      layers: [.init(number: 1, name: "vectors", window: window, inputChannels: vectors, outputChannels: dimension)])
  }

  package static func address(_ vector: Int) -> BlockAddress {
    BlockAddress(layer: 1, channel: vector, half: .positive)
  }

  /// The most that a file may speak of, since its few bytes could speak of any number: N, and
  /// filters and entries of all vectors together.
  package static let greatestWidth = 1 << 25
  package static let (greatestFilterCount, greatestEntryCount) = (1 << 28, 1 << 24)

  /// The file: a version, six sizes of seven bits a byte (dimension, vectors, width, seed, the
  /// exponent folded, the 1024ths of the first band), and the lists as `BandedListCode` has them.
  ///
  /// - Throws: `TicketError.invalidParameter` for a width outside 1…2³⁰.
  /// - Complexity: 2N words of the generator a vector.
  public func encoded() throws(TicketError) -> [UInt8] {
    let network = try Self.network(seed: seed, width: width, dimension: dimension, vectors: kept.count)
    let bands = MagnitudeBands.oneFilterEach(dimension: dimension, filters: width)
    var lists = BandedListCode(network, bands: [bands])
    var coder = BitEncoder()
    for (vector, kept) in kept.enumerated() {
      _ = lists.block(Self.address(vector), keeping: kept, with: &coder)
    }
    let folded = exponent >= 0 ? 2 * exponent : -2 * exponent - 1
    let sizes = [UInt64(dimension), UInt64(kept.count), UInt64(width), seed, UInt64(folded), UInt64(bands.first)]
    return [Self.version] + sizes.flatMap(Self.bytes) + coder.finish()
  }

  private static func bytes(_ size: UInt64) -> [UInt8] {
    size < 128 ? [UInt8(size)] : [UInt8(size & 127) | 128] + bytes(size >> 7)
  }

  /// The code of a file's bytes.
  ///
  /// - Throws: `TicketError.invalidTicket` for bytes that are none.
  public init(decoding bytes: [UInt8]) throws(TicketError) {
    var at = 1
    func size(_ what: String, _ range: ClosedRange<UInt64>) throws(TicketError) -> UInt64 {
      var value: UInt64 = 0
      for place in 0..<10 {
        guard at < bytes.count else {
          throw .invalidTicket(at: what, expected: "more bytes", found: "\(bytes.count)")
        }
        let byte = bytes[at]
        at += 1
        value |= UInt64(byte & 127) << UInt64(7 * place)
        if byte < 128 { break }
      }
      guard range.contains(value) else {
        throw .invalidTicket(at: what, expected: "\(range)", found: "\(value)")
      }
      return value
    }
    guard bytes.first == Self.version else {
      throw .invalidTicket(
        at: "version", expected: "\(Self.version)", found: bytes.first.map { "\($0)" } ?? "no bytes")
    }
    dimension = Int(try size("dimension", 1...1 << 22))
    let vectors = Int(try size("vectors", 0...1 << 22))
    width = Int(try size("width", 1...UInt64(Self.greatestWidth)))
    seed = try size("seed", 0...UInt64.max)
    let folded = Int(try size("exponent", 0...2040))
    exponent = folded % 2 == 0 ? folded / 2 : -(folded + 1) / 2
    let first = Int(try size("the first band", 0...UInt64(MagnitudeBands.firstRange.upperBound)))
    guard let bands = MagnitudeBands(first: first, dimension: dimension),
      vectors <= Self.greatestFilterCount / (2 * width),
      vectors <= Self.greatestEntryCount / dimension
    else {
      throw .invalidTicket(
        at: "sizes", expected: "a first band of 1 or more, at most 2^28 filters and 2^24 entries in all",
        found: "\(first), \(vectors) · 2 · \(width) and \(vectors) · \(dimension)")
    }
    let network = try Self.network(seed: seed, width: width, dimension: dimension, vectors: vectors)
    var lists = BandedListCode(network, bands: [bands])
    var coder = BitDecoder(Array(bytes[at...]))
    var kept: [[UInt32]] = []
    for vector in 0..<vectors {
      kept.append(lists.block(Self.address(vector), with: &coder).kept)
      guard !coder.isExhausted else {
        throw .invalidTicket(at: "vector \(vector)", expected: "more bytes", found: "\(bytes.count)")
      }
    }
    guard coder.unread == 0 else {
      throw .invalidTicket(at: "end", expected: "\(bytes.count - coder.unread) bytes", found: "\(bytes.count)")
    }
    self.kept = kept
  }

  /// The vectors.
  ///
  /// - Throws: `TicketError.invalidParameter` for a width outside 1…2³⁰.
  /// - Complexity: a scalar and a slice of normals for each filter that is kept.
  public func vectors() throws(TicketError) -> [[Double]] {
    let network = try Self.network(seed: seed, width: width, dimension: dimension, vectors: kept.count)
    let scale = Double(sign: .plus, exponent: exponent, significand: 1)
    return kept.enumerated().map { vector, filters in
      network.collapse(layer: 1, channel: vector, filters: filters.lazy.map { Int($0) }).map { scale * $0 }
    }
  }
}
