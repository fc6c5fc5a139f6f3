import Convolution
import LinearAlgebra
import Tickets

/// An input of the box at which pruned network and target lie so far apart: a lower bound on the
/// error, for anybody to check.
public struct ErrorWitness: Sendable, Hashable {
  /// One image, NHWC.
  public let image: [Float]
  /// No more than the exact largest |pruned − target| over the outputs at that image: the computed
  /// one less what roundings may have added.
  public let error: Double

  /// Measures the error at an image.
  ///
  /// - Throws: `TicketError.invalidTicket` for an image of another size or outside the box.
  public init(at image: [Float], shape: ImageShape, inputRange: InputRange, _ difference: OutputDifference) throws {
    guard image.count == shape.count else {
      throw TicketError.invalidTicket(at: "witness", expected: "\(shape.count) numbers", found: "\(image.count)")
    }
    if let outside = image.firstIndex(where: { !(Double($0) >= inputRange.low && Double($0) <= inputRange.high) }) {
      throw TicketError.invalidTicket(
        at: "witness, entry \(outside)", expected: "a number in \(inputRange.low)…\(inputRange.high)",
        found: "\(image[outside])")
    }
    self.image = image
    let found = try difference.error(at: Tensor(batch: 1, shape: shape, values: image))
    error = max(0, found - difference.roundingError)
  }
}
