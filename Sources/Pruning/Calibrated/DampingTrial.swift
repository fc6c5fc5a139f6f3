import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// A damping that was tried, and how far its network's outputs were from the target's.
///
/// Every fourth calibration image is held out. Behind the others a whole network is pruned, each block chosen once (no sweeps), and measured on those held
/// out. The search itself then takes the damping of least error and all images.
public struct DampingTrial: Sendable, Hashable, Codable {
  /// λ.
  public let damping: Double
  /// Σ (z − y)² / Σ y² over images held out, z the pruned network's outputs and y the target's.
  public let error: Double

  public init(damping: Double, error: Double) {
    self.damping = damping
    self.error = error
  }

  /// What is tried.
  public static let grid = [0.1, 0.3, 1, 3]
  /// Of so many images the last is held out.
  public static let heldOutEvery = 4

  /// The damping of least error, the smaller of equals; nil unless the whole grid was tried.
  static func best(of trials: [DampingTrial]) -> Double? {
    guard trials.map(\.damping) == grid else { return nil }
    return trials.min { ($0.error, $0.damping) < ($1.error, $1.damping) }!.damping
  }
}

extension TicketSearch {
  /// Calibrated mode's search, its damping chosen where none was given; nil when it was stopped while it chose.
  ///
  /// A work limit is shared by the trials and the search itself, alike.
  func calibratedSearch(
    _ calibration: Calibration, workers: Int, record: SearchRecord, _ control: RunControl
  ) throws -> CalibratedSearch? {
    var control = control
    let damping: Double
    if let given = calibration.fixedDamping {
      damping = given
    } else {
      control = control.withWork(control.limits.work.map { $0 / UInt64(DampingTrial.grid.count + 1) })
      do {
        try tryDampings(calibration, workers: workers, record: record, control)
      } catch is Interruption {
        return nil
      }
      guard let best = DampingTrial.best(of: record.dampingTrials) else { return nil }
      damping = best
    }
    return try CalibratedSearch(self, calibration, damping: damping, workers: workers, record: record, control)
  }

  /// Tries the dampings that were not tried yet, as many at a time as there are cores and memory for.
  private func tryDampings(
    _ calibration: Calibration, workers: Int, record: SearchRecord, _ control: RunControl
  ) throws {
    let known = Set(record.dampingTrials.map(\.damping))
    let left = DampingTrial.grid.filter { !known.contains($0) }
    if left.isEmpty { return }
    let all = calibration.images
    func isHeldOut(_ image: Int) -> Bool { image % DampingTrial.heldOutEvery == DampingTrial.heldOutEvery - 1 }
    var part = Calibration(
      images: try all.gathered((0..<all.batch).filter { !isHeldOut($0) }), name: calibration.name, sweeps: 0)
    (part.metric, part.mix) = (calibration.metric, calibration.mix)
    let measured = try HeldOutImages(
      try all.gathered((0..<all.batch).filter(isHeldOut)), target: target, workers: workers, control)
    let together = min(left.count, try affordableTrials(workers, control))
    let share = max(1, workers / together)
    let biases = target.biases
    try Workers.forEach(count: left.count, workers: together) { [part] index, _ in
      if control.interruption() != nil { return }
      let silenced = control.silenced()
      let own = SearchRecord(identity(silenced), record.addresses, silenced) { _ in }
      let search = try CalibratedSearch(self, part, damping: left[index], workers: share, record: own, silenced)
      guard let layers = try search.run() else { return }
      let network: Network<Double> = try graph.network {
        try layers[$0 - 1].operations(of: graph.layers[$0 - 1], bias: biases[$0 - 1])
      }
      record.add(DampingTrial(damping: left[index], error: try measured.error(of: network, workers: share, control)))
    }
  }
}

/// Images that trials are measured on. Forward passes are the slow reference's, in Float64, and sums in the images' order: no BLAS, no fma.
private struct HeldOutImages: Sendable {
  private let images: Tensor<Double>
  private let wanted: [[Double]]
  private let energy: Double

  /// - Throws: `Interruption` when the run must stop.
  init(_ images: Tensor<Float>, target: Network<Float>, workers: Int, _ control: RunControl) throws {
    self.images = images.converted(to: Double.self)
    wanted = try Self.outputs(of: target.converted(to: Double.self), self.images, workers, control)
    energy = wanted.joined().reduce(0) { $0 + $1 * $1 }
  }

  /// Relative to the target's squares, or the squares themselves where the target gives only zeros. Cost: a pass of plain loops.
  func error(of network: Network<Double>, workers: Int, _ control: RunControl) throws -> Double {
    let found = try Self.outputs(of: network, images, workers, control)
    let missed = zip(found.joined(), wanted.joined()).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return energy > 0 ? missed / energy : missed
  }

  private static func outputs(
    of network: Network<Double>, _ images: Tensor<Double>, _ workers: Int, _ control: RunControl
  ) throws -> [[Double]] {
    try Workers.map(count: images.batch, workers: workers) {
      try control.checkInterruption()
      return try network.evaluatedDirectly(images.images($0..<$0 + 1)).values
    }
  }
}

extension Tensor {
  /// Some images of a batch, in the order given.
  fileprivate func gathered(_ indices: [Int]) throws -> Tensor {
    let count = shape.count
    return try Tensor(
      batch: indices.count, shape: shape, values: Array(indices.map { values[$0 * count..<($0 + 1) * count] }.joined()))
  }
}
