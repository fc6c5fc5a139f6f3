import Convolution
import LinearAlgebra
import Tickets

/// What calibrated mode measures errors on: images without labels, and how statistics are damped.
public struct Calibration: Sendable {
  public let images: Tensor<Float>
  /// λ of the least squares, as a multiple of the mean square of a layer's features.
  public var damping: Double
  /// Passes over a layer's blocks after the first, in which each block is chosen again, given all others.
  public var sweeps: Int
  /// Where errors are measured.
  public enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
    /// At each layer's own outputs.
    case layer
    /// At the network's outputs, to first order.
    case logits
  }
  public var metric = Metric.layer
  /// With the metric of the logits: how much the layer's own counts beside it.
  public var mix = 0.3
  let name: String

  /// - Parameter name: for error messages.
  public init(images: Tensor<Float>, name: String = "calibration images", damping: Double = 1e-3, sweeps: Int = 1) {
    self.images = images
    self.name = name
    self.damping = damping
    self.sweeps = sweeps
  }

  /// SHA-256 of shape and entries.
  public var digest: String {
    var digest = SHA256Digest()
    digest.update("images \(images.batch) \(images.shape.height) \(images.shape.width) \(images.shape.channels)\n")
    digest.update(images.values)
    digest.update("damping \(damping) sweeps \(sweeps)\n")
    if metric != .layer { digest.update("metric \(metric.rawValue) mix \(mix)\n") }
    return digest.hexadecimal()
  }

  /// - Throws: `TicketError.invalidParameter` for no image, another shape, entries outside the input range, or a damping that is not positive.
  func requireUsable(by target: Network<Float>, in range: InputRange) throws(TicketError) {
    guard images.batch > 0, images.shape == target.inputShape else {
      throw .invalidParameter(
        name: name, expected: "images of \(target.inputShape)", found: "\(images.batch) of \(images.shape)")
    }
    if let outside = images.values.firstIndex(where: { !(Double($0) >= range.low && Double($0) <= range.high) }) {
      throw .invalidParameter(
        name: "\(name), image entry \(outside)", expected: "a number in \(range.low)…\(range.high)",
        found: "\(images.values[outside])")
    }
    guard damping > 0, damping.isFinite, sweeps >= 0 else {
      throw .invalidParameter(
        name: "calibration", expected: "a damping above 0 and sweeps ≥ 0", found: "\(damping) and \(sweeps)")
    }
  }
}
