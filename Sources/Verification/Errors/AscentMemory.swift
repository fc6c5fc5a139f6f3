import LinearAlgebra
import RunControl
import Tickets

/// What climbing along gradients holds at a time: values and gradients of a few starts.
struct AscentMemory {
  /// Starts that climb together, fewer where the values of both networks would take more than
  /// `largestTape` entries.
  let batch: Int
  /// Bytes of one such batch.
  let bytes: Int

  private static let largestTape = 1 << 25
  private static let largestBatch = 16

  /// - Parameter graph: the target's architecture, which both networks have.
  init(_ graph: LayerGraph) {
    let counts = graph.shapes.map(\.count)
    let (input, all) = (counts[0], counts.reduce(0, +))
    batch = max(1, min(Self.largestBatch, Self.largestTape / max(1, 2 * (all + input))))
    // Of the input's size: point, direction, the try and the one before, that in two parts, and the
    // gradients of both networks over those parts. Of the values: all of one network, and a
    // gradient while it is handed from one node to another.
    let entries = ByteCount.sum(
      ByteCount.product(10, input), all - input, ByteCount.product(2, counts.max() ?? 0))
    bytes = ByteCount.product(batch, entries, MemoryLayout<Float>.stride)
  }

  /// - Throws: `TicketError.invalidParameter` where one batch takes more than is allowed.
  func require(within limits: Limits) throws(TicketError) {
    guard bytes <= limits.allowedBytes else {
      throw .invalidParameter(
        name: "memory limit", expected: "at least \(bytes) bytes, for a target's values and gradients",
        found: "\(limits.allowedBytes)")
    }
  }

  /// Batches that may climb at once, of so many that there are cores for; at least one.
  func affordableWorkers(_ workers: Int, within limits: Limits) -> Int {
    min(workers, max(1, limits.allowedBytes / max(1, bytes)))
  }
}
