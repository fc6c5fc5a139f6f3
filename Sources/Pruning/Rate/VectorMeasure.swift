import Foundation
import RandomStreams
import SubsetSum
import Tickets

/// What a coded file of vectors is worth, measured on the vectors that its bytes give again.
public struct VectorMeasure: Sendable {
  /// How many there are.
  public let vectors: Int
  /// Entries of each.
  public let dimension: Int
  /// The squares of all errors, as a part of the squares of all entries.
  public let relativeError: Double
  /// log₂ C(filters of the half, kept) of all vectors, for each entry.
  public let countedBits: Double
  /// Bytes of the file.
  public let fileBytes: Int
  /// Filters kept for all vectors.
  public let keptFilters: Int

  /// Bits of the file for each entry.
  public var fileBits: Double { 8 * Double(fileBytes) / Double(vectors * dimension) }
  /// The least part of their squares that Gaussian entries can be missed by in as many bits:
  /// 2^(−2R).
  public var shannon: Double { exp2(-2 * fileBits) }

  /// Decodes a file and compares.
  ///
  /// - Parameters:
  ///   - targets: what was coded, not all of it 0.
  ///   - bytes: the file.
  /// - Throws: `TicketError` for bytes that are no code, or one of other vectors' shape.
  /// - Complexity: decoding.
  public init(of targets: [[Double]], coded bytes: [UInt8]) throws(TicketError) {
    let code = try VectorCode(decoding: bytes)
    guard code.kept.count == targets.count, targets.allSatisfy({ $0.count == code.dimension }) else {
      throw .invalidTicket(
        at: "vectors", expected: "\(targets.count) of \(targets.first?.count ?? 0) entries",
        found: "\(code.kept.count) of \(code.dimension)")
    }
    var (error, energy) = (0.0, 0.0)
    for (target, vector) in zip(targets, try code.vectors()) {
      for (wanted, found) in zip(target, vector) {
        error += (wanted - found) * (wanted - found)
        energy += wanted * wanted
      }
    }
    let network = try VectorCode.network(
      seed: code.seed, width: code.width, dimension: code.dimension, vectors: targets.count)
    var counted = 0.0
    for (vector, kept) in code.kept.enumerated() {
      let half = network.scalars(layer: 1, channel: vector).count { Half.positive.contains($0) }
      counted += logBinomial(Double(half), Double(kept.count)) / log(2)
    }
    vectors = targets.count
    dimension = code.dimension
    relativeError = energy > 0 ? error / energy : 0
    countedBits = counted / Double(targets.count * code.dimension)
    fileBytes = bytes.count
    keptFilters = code.kept.reduce(0) { $0 + $1.count }
  }
}
