import Convolution
import LinearAlgebra
import SubsetSum
import Tickets

/// What a search is made from, and what follows from that before any block is looked at.
struct SearchSetting: Sendable {
  let target: Target
  let plan: SearchPlan
  let network: RandomNetwork
  let inputRange: InputRange
  /// The plan's, by name or as it was given.
  let solver: any Solver
  /// Images of calibrated mode; nil in weights mode.
  let images: ImageSet?
  /// SHA-256 of the images and of how errors are measured on them; nil in weights mode.
  let calibrationDigest: String?
  /// One power of two per layer.
  var scales: [Double]
  /// Whether each layer's input can be negative.
  let signedInputs: [Bool]
  /// The blocks, ascending.
  let addresses: [BlockAddress]

  var graph: LayerGraph { target.graph }

  /// Of all blocks.
  var entries: Int { addresses.reduce(0) { $0 + layer($1).sliceCount } }
  func layer(_ address: BlockAddress) -> LayerGraph.Layer { graph.layers[address.layer - 1] }
  func scale(_ address: BlockAddress) -> Double { scales[address.layer - 1] }

  /// - Throws: as `TicketSearch`.
  init(
    _ target: Target, _ plan: SearchPlan, seed: UInt64, width: Int, inputRange: InputRange,
    images: ImageSet?, solver: (any Solver)?
  ) throws(TicketError) {
    var plan = plan
    if let solver {
      self.solver = solver
      plan.solver = solver.name
    } else {
      self.solver = try PruningSolvers.named(plan.solver)
    }
    try plan.validate()
    if plan.sizePenalty > 0, !self.solver.takesSizePenalty {
      throw .invalidParameter(
        name: "size penalty", expected: "a solver that takes one", found: plan.solver)
    }
    self.target = target
    self.plan = plan
    network = try RandomNetwork(seed: seed, width: width, layers: target.graph.layers)
    self.inputRange = inputRange
    scales = target.kernels.map { plan.scaleRule.scale(for: $0, width: width) }
    signedInputs = target.graph.signedInputs(networkInputIsSigned: inputRange.isSigned)
    addresses = Ticket.addresses(graph: target.graph, inputRange: inputRange)
    self.images = images
    switch (plan.calibration, images) {
    case (nil, nil): calibrationDigest = nil
    case (let calibration?, let images?):
      calibrationDigest = calibration.digest(of: images.images)
      try Self.requireUsable(images, by: target, in: inputRange)
    default:
      throw .invalidParameter(
        name: "images", expected: images == nil ? "some, for calibrated mode" : "none, in weights mode",
        found: images?.name ?? "none")
    }
  }

  private static func requireUsable(
    _ set: ImageSet, by target: Target, in range: InputRange
  ) throws(TicketError) {
    let images = set.images
    guard images.batch > 0, images.shape == target.network.inputShape else {
      throw .invalidParameter(
        name: set.name, expected: "images of \(target.network.inputShape)",
        found: "\(images.batch) of \(images.shape)")
    }
    let outside = images.values.firstIndex { !(Double($0) >= range.low && Double($0) <= range.high) }
    if let outside {
      throw .invalidParameter(
        name: "\(set.name), image entry \(outside)",
        expected: "a number in \(range.low)…\(range.high)", found: "\(images.values[outside])")
    }
  }

  /// What a checkpoint of this search must say of itself.
  var identity: SearchCheckpoint.Identity {
    SearchCheckpoint.Identity(
      generator: TombolaVersion.generator, targetDigest: target.digest, seed: network.seed,
      width: network.width, inputRange: inputRange, plan: plan, calibration: calibrationDigest)
  }
}
