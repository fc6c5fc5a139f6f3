import LinearAlgebra
import RunControl
import Tickets

/// The bytes that a search takes by layer: for all of a layer's blocks, and for each in work.
struct MemoryNeed {
  private let layers: [(shared: Int, task: Int)]
  private let allowed: Int

  /// - Throws: `PruningError.memoryLimit` where one task at a time would already need more than
  ///   allowed.
  init(_ setting: SearchSetting, within limits: Limits) throws(PruningError) {
    allowed = limits.allowedBytes
    let width = setting.network.width
    layers = zip(setting.graph.layers, setting.signedInputs).map { layer, isSigned in
      guard let calibration = setting.plan.calibration else {
        return (0, BlockInstance.bytes(width: width, layer: layer))
      }
      return (
        LayerRefit.bytes(layer, isSigned: isSigned, metric: calibration.metric),
        WhitenedCandidates.bytes(width: width, layer: layer)
      )
    }
    let totals = layers.map { ByteCount.sum($0.shared, $0.task) }
    let largest = totals.enumerated().max { $0.element < $1.element }
    if let (index, largest) = largest, largest > allowed {
      throw .memoryLimit(neededBytes: largest, allowedBytes: allowed, layer: index + 1)
    }
  }

  /// Blocks that may be in work at once, of so many that there are cores for.
  func affordableWorkers(_ workers: Int) -> Int {
    layers.reduce(workers) { min($0, max(1, (allowed - $1.shared) / max(1, $1.task))) }
  }
}
