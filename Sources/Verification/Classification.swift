import Convolution
import LinearAlgebra
import RunControl

/// Counts how many images a network puts into their labelled class.
///
/// BLAS proposes: logits come from Float32 products, whichever way they are computed. An image
/// whose two largest logits lie within `margin · max|logit|` of each other is decided by the same
/// network in Float64 through the slow reference, in one fixed order; so the count depends on no
/// thread count, tile, batch or way.
public struct Classification: Sendable {
  /// Relative distance of the two largest logits below which Float64 decides.
  public static let margin: Float = 1e-4

  /// Images whose largest logit (the first of equals) is their label's.
  public let correct: Int
  /// Images that Float64 decided.
  let decidedInDouble: Int

  /// Runs the network over all images, one task a core.
  ///
  /// - Parameters:
  ///   - network: what classifies; its output has an entry a class.
  ///   - name: the network's, for progress and errors.
  ///   - data: images of the network's input shape, with a label each.
  ///   - workers: tasks at a time; the count does not depend on it.
  ///   - control: asked before each chunk of images.
  ///   - convolution: how convolutions are computed.
  ///   - tileBytes: bytes of a convolution's working tile; the count does not depend on it.
  /// - Throws: `ConvolutionError` for images that don't fit, labels out of range, or outputs that
  ///   are not finite, with the image; `InterruptedError` when `control` says stop. Memory: per
  ///   worker, the activations of one chunk of images (about 32 MB).
  /// - Complexity: one pass of the network an image, and a slow one for each that Float64 decides.
  public init(
    of network: Network<Float>, named name: String, on data: ImageSet, workers: Int, control: RunControl,
    convolution: ConvolutionWay = .automatic,
    tileBytes: Int = Scratch<Float>.defaultTileBytes
  ) throws {
    let classes = network.outputShape.count
    guard let labels = data.labels else {
      throw ConvolutionError.shapeMismatch(at: data.name, expected: "labels", found: "images alone")
    }
    if let wrong = labels.firstIndex(where: { $0 >= classes }) {
      throw ConvolutionError.shapeMismatch(
        at: "\(data.name), label \(wrong)", expected: "a class below \(classes)", found: "\(labels[wrong])")
    }
    let packed = try network.packed(convolution)
    let images = data.images
    let chunk = Self.chunk(for: packed)
    let chunks = (images.batch + chunk - 1) / chunk
    let precise = try network.converted(to: Double.self)
    let counts = try Workers.map(count: chunks, workers: workers) { task in
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
      let range = task * chunk..<min(images.batch, (task + 1) * chunk)
      let batch = images.images(range)
      let logits = try packed(batch, scratch: Scratch(tileBytes: tileBytes))
      var correct = 0
      var decided = 0
      for index in 0..<range.count {
        let row = Array(logits.values[index * classes..<(index + 1) * classes])
        if let wrong = row.firstIndex(where: { !$0.isFinite }) {
          throw ConvolutionError.notFinite(
            at: "\(data.name), image \(range.lowerBound + index), outputs of the \(name)", index: wrong)
        }
        var best = Self.largest(row)
        if Self.isClose(row, best) {
          let single = batch.images(index..<index + 1).converted(to: Double.self)
          best = Self.largest(try precise.evaluatedDirectly(single).values)
          decided += 1
        }
        if best == labels[range.lowerBound + index] { correct += 1 }
      }
      control.report(RunProgress(phase: "\(name) on images", completed: range.upperBound, total: images.batch))
      return (correct, decided)
    }
    correct = counts.reduce(0) { $0 + $1.0 }
    decidedInDouble = counts.reduce(0) { $0 + $1.1 }
  }

  /// Images per task: activations of about 8 MB for the widest value that is ever whole, at least
  /// one image.
  private static func chunk(for network: PackedNetwork<Float>) -> Int {
    max(1, min(100, (8 << 20) / (4 * max(1, network.largestValue))))
  }

  private static func largest<Scalar: BLASScalar>(_ row: [Scalar]) -> Int {
    var best = 0
    for index in row.indices where row[index] > row[best] { best = index }
    return best
  }

  private static func isClose(_ row: [Float], _ best: Int) -> Bool {
    let scale = row.reduce(Float(0)) { max($0, abs($1)) }
    return row.indices.contains { $0 != best && !(row[best] - row[$0] > margin * scale) }
  }
}

/// A run that was stopped before it had a result.
public struct InterruptedError: Error, Sendable, CustomStringConvertible {
  /// What stopped the run.
  public let reason: StopReason

  /// A run that was stopped for a reason.
  public init(reason: StopReason) { self.reason = reason }

  public var description: String { "stopped before there was a result (\(reason.rawValue))" }
}
