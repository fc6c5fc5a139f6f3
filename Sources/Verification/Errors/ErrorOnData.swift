import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// The largest error that a pruned network's outputs have on given images.
///
/// Float32 proposes the images, in chunks; those that could be the worst are compared in Float64,
/// and of the last ones the slow reference decides.
struct ErrorOnData {
  /// Relative to the largest output: what Float32 and Float64 passes may differ from the exact
  /// ones.
  private static let margins = (single: 1e-5, double: 1e-10)

  let error: Double

  /// - Throws: `ConvolutionError` for images of another shape, and for outputs that are not finite,
  ///   with the image; `InterruptedError`. Cost: both collapsed networks over all images.
  init(
    _ difference: OutputDifference, on data: ImageSet, workers: Int, convolution: ConvolutionWay,
    control: RunControl
  ) throws {
    let images = data.images
    let single = (
      try difference.target.converted(to: Float.self).packed(convolution),
      try difference.pruned.converted(to: Float.self).packed(convolution)
    )
    let proposed = try Self.errors(
      data, Array(0..<images.batch), workers, control, { try single.0($0) }, { try single.1($0) })
    let near = Self.worst(proposed, margin: Self.margins.single)
    let double = (try difference.target.packed(convolution), try difference.pruned.packed(convolution))
    let compared = try Self.errors(
      data, near, workers, control, { try double.0($0.converted(to: Double.self)) },
      { try double.1($0.converted(to: Double.self)) })
    let last = Self.worst(compared, margin: Self.margins.double)
    let decided = try Workers.map(count: last.count, workers: workers) { index in
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
      return try difference.error(at: images.images(last[index]..<last[index] + 1))
    }
    error = decided.max() ?? 0
  }

  private struct Found: Sendable {
    let image: Int
    let error: Double
    /// The largest magnitude of an output.
    let magnitude: Double
  }

  private static let chunk = 64

  private static func errors<Scalar: BLASScalar>(
    _ data: ImageSet, _ chosen: [Int], _ workers: Int, _ control: RunControl,
    _ target: @Sendable (Tensor<Float>) throws -> Tensor<Scalar>,
    _ pruned: @Sendable (Tensor<Float>) throws -> Tensor<Scalar>
  ) throws -> [Found] {
    let images = data.images
    let count = images.shape.count
    return try Workers.map(count: (chosen.count + chunk - 1) / chunk, workers: workers) { task in
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
      let part = chosen[task * chunk..<min(chosen.count, (task + 1) * chunk)]
      let batch = try Tensor(
        batch: part.count, shape: images.shape,
        values: Array(part.map { images.values[$0 * count..<($0 + 1) * count] }.joined()))
      let (wanted, found) = (try target(batch).values, try pruned(batch).values)
      let classes = wanted.count / max(1, part.count)
      return try part.enumerated().map { index, image in
        let range = index * classes..<(index + 1) * classes
        for (name, values) in [("target", wanted[range]), ("pruned network", found[range])] {
          guard let wrong = values.firstIndex(where: { !$0.isFinite }) else { continue }
          throw ConvolutionError.notFinite(
            at: "\(data.name), image \(image), outputs of the \(name)",
            index: wrong - range.lowerBound)
        }
        return Found(
          image: image, error: Double(OutputDifference.largest(wanted[range], found[range])),
          magnitude: max(
            wanted[range].reduce(0) { max($0, Double(abs($1))) }, found[range].reduce(0) { max($0, Double(abs($1))) }))
      }
    }.flatMap { $0 }
  }

  /// Images whose error may be the largest, given how far each figure may be off.
  private static func worst(_ found: [Found], margin: Double) -> [Int] {
    let least = found.reduce(0) { max($0, $1.error - margin * $1.magnitude) }
    return found.filter { $0.error + margin * $0.magnitude >= least }.map(\.image)
  }
}
