import Convolution
import Files
import LinearAlgebra

/// How calibrated mode measures errors on its images.
public struct CalibrationPlan: Sendable, Hashable {
  /// What errors are measured at.
  public enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
    /// At each layer's own outputs.
    case layer
    /// At the network's outputs, less their mean, to first order. Each layer's statistics then have
    /// halves·taps·c·outputs rows and columns.
    case logits
  }

  /// λ of the least squares, as a multiple of the mean square of a layer's features: how much
  /// counts what the images do not show. Few filters miss by much and want the images' own
  /// directions; many miss by little, and then what the images do not show counts too.
  public var damping: Double
  /// Passes over a layer's blocks after the first, in which each block is chosen again, given all
  /// others.
  public var sweeps: Int
  /// Where errors are measured.
  public var metric: Metric
  /// μ: with the metric of the logits, how much the layer's own outputs count beside them, both in
  /// units of their mean diagonal entries. With little weight on the layer's own, 400 images are
  /// too few for as many kernel entries.
  public var mix: Double

  /// Sweeps lower errors by less and less: three or four are about all that pays.
  static let mostSweeps = 10_000

  /// The damping that suits a width: 0.1 below 1000, 0.3 below 2000, and 1 from there on. The more
  /// filters there are, the closer the images' own directions are met, and the more what they do
  /// not show counts. Chosen at widths 500, 1000 and 2000 on held-out training images, over twenty
  /// seeds (`docs/experiments/damping.md`).
  public static func damping(forWidth width: Int) -> Double { width < 1000 ? 0.1 : width < 2000 ? 0.3 : 1 }

  /// A plan that knows no width. The command line has the same defaults, but takes
  /// `damping(forWidth:)` where no damping is named.
  public init(damping: Double = 0.3, sweeps: Int = 1, metric: Metric = .layer, mix: Double = 1) {
    self.damping = damping
    self.sweeps = sweeps
    self.metric = metric
    self.mix = mix
  }

  func validate() throws(TicketError) {
    guard damping > 0, damping.isFinite, mix > 0, mix.isFinite, (0...Self.mostSweeps).contains(sweeps)
    else {
      throw .invalidParameter(
        name: "calibration",
        expected: "a damping and a mix above 0, 0 to \(Self.mostSweeps) sweeps",
        found: "\(damping), \(mix) and \(sweeps)")
    }
  }

  /// SHA-256 of images and of how errors are measured on them, in hexadecimal: a ticket's
  /// `calibrationDigest`.
  public func digest(of images: Tensor<Float>) -> String {
    var digest = SHA256Digest()
    let shape = images.shape
    digest.update("images \(images.batch) \(shape.height) \(shape.width) \(shape.channels)\n")
    digest.update(images.values)
    digest.update("damping \(damping) sweeps \(sweeps)\n")
    if metric != .layer { digest.update("metric \(metric.rawValue) mix \(mix)\n") }
    return digest.hexadecimal()
  }
}
