import Convolution
import Files
import LinearAlgebra
import RunControl
import Tickets

/// Measures what can be claimed of a ticket, from ticket, target and data alone.
///
/// ```swift
/// let claims = try Measurement(ticket: ticket, target: target).claims(on: images)
/// print(claims.maxWeightError, claims.certifiedError ?? .infinity)
/// ```
///
/// Nothing of the search is used: weights come from the ticket's seed, kernels from summing them
/// exactly, which is done once.
public struct Measurement: Sendable {
  /// What the ticket was drawn for.
  public let target: Target
  /// The ticket's kept filters, summed up.
  public let collapse: Collapse
  /// Tasks at a time; no figure depends on it.
  public let workers: Int
  /// How convolutions over images are computed; no figure depends on it.
  public let convolution: ConvolutionWay

  /// The ticket that is measured.
  public var ticket: Ticket { collapse.ticket }

  /// Collapses the ticket, for figures to be read off.
  ///
  /// - Parameters:
  ///   - ticket: what is measured.
  ///   - target: what it was drawn for.
  ///   - workers: tasks at a time; no figure depends on it.
  ///   - convolution: how convolutions over images are computed.
  /// - Throws: `TicketError.targetMismatch` when the ticket was not drawn for this target, or says
  ///   otherwise of its graph or biases (`Ticket.requireMatch`); `TicketError.invalidTicket` when
  ///   it contradicts its random network.
  /// - Complexity: as `Collapse`.
  public init(
    ticket: Ticket, target: Target, workers: Int = Workers.availableCores,
    convolution: ConvolutionWay = .automatic
  ) throws {
    try ticket.requireMatch(target)
    self.target = target
    collapse = try Collapse(of: ticket, workers: workers)
    self.workers = workers
    self.convolution = convolution
  }

  /// An input of the box where the pruned network's output is far from its target's, by gradient
  /// ascent.
  ///
  /// - Parameter control: asked between steps.
  /// - Throws: `InterruptedError`.
  /// - Complexity: as `GradientAscent.witness`.
  public func findWitness(control: RunControl = RunControl()) throws -> ErrorWitness {
    try witness(of: try difference(), certificate(), control)
  }

  /// Refuses, before long work, a memory limit in which `findWitness` could not run.
  ///
  /// - Throws: `TicketError.invalidParameter` with the bytes that it takes.
  public static func requireMemory(for graph: LayerGraph, within limits: Limits) throws(TicketError) {
    try AscentMemory(graph).require(within: limits)
  }

  func witness(
    of difference: OutputDifference, _ certificate: Certificate, _ control: RunControl
  ) throws -> ErrorWitness {
    let ascent = try GradientAscent(
      graph: ticket.graph, inputRange: ticket.inputRange, certificate: certificate, difference)
    return try ascent.witness(
      difference, inputRange: ticket.inputRange, workers: workers, control: control)
  }

  func certificate() -> Certificate { certificate(of: collapse.layers) }

  private func certificate(of layers: [CollapsedLayer]) -> Certificate {
    Certificate(of: layers, target, biases: ticket.biases, inputRange: ticket.inputRange)
  }

  func difference() throws -> OutputDifference {
    try OutputDifference(of: collapse.layers, target, biases: ticket.biases, inputRange: ticket.inputRange)
  }

  /// The figures that need no data.
  func exactClaims(_ certificate: Certificate) -> Claims {
    let errors = errors(of: collapse.layers)
    let emptyCertificate = self.certificate(of: emptyLayers)
    var claims = Claims(
      keptFilters: ticket.keptFilters,
      totalFilters: 2 * ticket.width * ticket.graph.layers.reduce(0) { $0 + $1.inputChannels },
      maxWeightError: errors.max() ?? 0,
      emptySetError: target.kernels.reduce(0) { max($0, $1.largestMagnitude) },
      bitsPerWeight: ticket.bits / Double(ticket.graph.weightCount), blockErrors: errors)
    claims.certifiedError = certificate.finiteOutputError
    claims.emptySetCertifiedError = emptyCertificate.finiteOutputError
    if claims.certifiedError == nil { claims.certificateReason = "the bound overflows Float64" }
    return claims
  }

  /// max |K_t| of each block, in the ticket's order: what the empty subset errs by there.
  public func emptySetErrors() -> [Double] { errors(of: emptyLayers) }

  private var emptyLayers: [CollapsedLayer] {
    collapse.layers.map { CollapsedLayer(emptyOf: $0.layer, isSigned: $0.negative != nil) }
  }

  /// max |collapsed ∓ K| over the entries of each block, in the ticket's order.
  private func errors(of layers: [CollapsedLayer]) -> [Double] {
    ticket.blocks.map { block in
      let (number, channel) = (block.address.layer, block.address.channel)
      return layers[number - 1].error(
        ofChannel: channel, block.address.half, from: target.kernels[number - 1])
    }
  }

  /// The random network with all filters kept, exactly collapsed.
  func unprunedLayers(control: RunControl) throws -> [CollapsedLayer] {
    try ticket.randomNetwork.collapseUnpruned(
      signedInputs: collapse.layers.map { $0.negative != nil }, scales: ticket.scales, workers: workers
    ) { if let reason = control.interruption() { throw InterruptedError(reason: reason) } }
  }

  func unprunedNetwork(control: RunControl) throws -> Network<Float> {
    try ticket.graph.network(of: try unprunedLayers(control: control), biases: ticket.biases)
  }

  /// Refuses, before long work, images that a ticket for this target and input box could not be
  /// measured on.
  ///
  /// - Throws: `ConvolutionError` for no image at all, another shape, or labels beyond the target's
  ///   classes; `TicketError` for entries outside the input range, with image, row, column,
  ///   channel.
  public static func requireUsable(
    _ data: ImageSet, by target: Network<Float>, in range: InputRange
  ) throws {
    let shape = data.images.shape
    guard shape == target.inputShape else {
      throw ConvolutionError.shapeMismatch(
        at: "\(data.name), images", expected: "\(target.inputShape)", found: "\(shape)")
    }
    guard data.images.batch > 0 else {
      throw ConvolutionError.shapeMismatch(
        at: "\(data.name), images", expected: "at least one", found: "none")
    }
    let classes = target.outputShape.count
    if let labels = data.labels, let wrong = labels.firstIndex(where: { $0 >= classes }) {
      throw ConvolutionError.shapeMismatch(
        at: "\(data.name), label \(wrong)", expected: "a class below \(classes)", found: "\(labels[wrong])")
    }
    let outside = data.images.values.firstIndex {
      !(Double($0) >= range.low && Double($0) <= range.high)
    }
    if let outside {
      let (image, entry) = outside.quotientAndRemainder(dividingBy: shape.count)
      let (pixel, channel) = entry.quotientAndRemainder(dividingBy: shape.channels)
      let (row, column) = pixel.quotientAndRemainder(dividingBy: shape.width)
      throw TicketError.invalidParameter(
        name: "\(data.name), image \(image), row \(row), column \(column), channel \(channel)",
        expected: "a number in \(range.low)…\(range.high)", found: "\(data.images.values[outside])")
    }
  }

  /// SHA-256 of shape, entries and labels.
  static func digest(of data: ImageSet) -> String {
    var digest = SHA256Digest()
    let shape = data.images.shape
    digest.update("images \(data.images.batch) \(shape.height) \(shape.width) \(shape.channels)\n")
    digest.update(data.images.values)
    digest.update(data.labels?.map { UInt32(clamping: $0) } ?? [])
    return digest.hexadecimal()
  }
}
