import Convolution
import LinearAlgebra
import Tickets

/// What calibrated mode measures errors on: images without labels, and how statistics are damped.
public struct Calibration: Sendable {
  public let images: Tensor<Float>
  /// λ of the least squares, as a multiple of the mean square of a layer's features: how much counts what the images do not show.
  ///
  /// Points lost, medians of 3 seeds with 400 images, at λ = 0.001, 0.1, 0.3, 1, 3: `fashion-cnn` at width 500 14.8, 14.8, 12.8, 23.4, 40.7, at 2000
  /// 0.98, 0.50, 0.37, 0.13, 0.22; `fashion-resnet` 6.7, 6.4, 6.5, 11.1, 22.3 and 0.37, 0.29, 0.10, 0.04, 0.13. Few filters miss by much and want the
  /// images' own directions; many miss by little, and then what the images do not show counts too.
  ///
  /// So it can be chosen, by the network and its filters.
  public enum Damping: Sendable, Hashable {
    case fixed(Double)
    /// That of `DampingTrial.grid` whose network errs least on held-out images (`DampingTrial`).
    case chosen
  }
  /// λ, or that it is chosen.
  public var damping: Damping
  /// Passes over a layer's blocks after the first, in which each block is chosen again, given all others.
  public var sweeps: Int
  /// Sweeps lower errors by less and less: three or four are about all that pays.
  public static let mostSweeps = 10_000
  /// What errors are measured at.
  public enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
    /// At each layer's own outputs.
    case layer
    /// At the network's outputs, less their mean, to first order (`LogitMoments`). Each layer's statistics have halves·taps·c·outputs rows and columns.
    case logits
  }
  /// Where errors are measured.
  public var metric = Metric.layer
  /// μ: with the metric of the logits, how much the layer's own outputs count beside them, both in units of their mean diagonal entries.
  ///
  /// Points lost with λ = 0.001, medians of 3 seeds (layer; μ = 0.1, 0.3, 1, 3): `fashion-resnet` at width 500 6.7; 5.4, 5.2, 4.5, 5.5, at 1000
  /// 1.2; 1.8, 1.5, 1.3, 1.3: with little weight on the layer's own, 400 images are too few for as many kernel entries.
  public var mix = 1.0
  let name: String

  /// - Parameter name: for error messages.
  public init(
    images: Tensor<Float>, name: String = "calibration images", damping: Damping = .fixed(0.3), sweeps: Int = 1
  ) {
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
    let damping = fixedDamping.map { "\($0)" } ?? "chosen"
    digest.update("damping \(damping) sweeps \(sweeps)\n")
    if metric != .layer { digest.update("metric \(metric.rawValue) mix \(mix)\n") }
    return digest.hexadecimal()
  }

  /// The number that was given; nil where one is to be chosen.
  public var fixedDamping: Double? {
    guard case .fixed(let number) = damping else { return nil }
    return number
  }

  /// - Throws: `TicketError.invalidParameter` for no image, another shape, entries outside the input range, a damping that is not positive, or
  ///   images too few to choose one.
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
    if damping == .chosen && images.batch < DampingTrial.heldOutEvery {
      throw .invalidParameter(
        name: "\(name), to choose a damping",
        expected: "\(DampingTrial.heldOutEvery) images or a number for the damping",
        found: "\(images.batch)")
    }
    let number = fixedDamping ?? 1
    guard number > 0, number.isFinite, mix > 0, mix.isFinite, (0...Self.mostSweeps).contains(sweeps) else {
      throw .invalidParameter(
        name: "calibration", expected: "a damping and a mix above 0, 0 to \(Self.mostSweeps) sweeps",
        found: "\(number), \(mix) and \(sweeps)")
    }
  }
}
