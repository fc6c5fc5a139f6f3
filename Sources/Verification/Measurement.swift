import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// Measures what can be claimed of a ticket, from ticket, target and data alone.
///
/// Nothing of the search is used: weights come from the ticket's seed, kernels from summing them exactly.
public struct Measurement: Sendable {
  public let ticket: Ticket
  public let target: Network<Float>
  public let workers: Int

  /// - Throws: `TicketError.targetMismatch` when the ticket was not drawn for this target, or says
  ///   otherwise of its graph or biases (`Ticket.requireMatch`); `TicketError.unsupportedTarget`.
  public init(ticket: Ticket, target: Network<Float>, workers: Int = Workers.availableCores) throws {
    try ticket.requireMatch(target)
    self.ticket = ticket
    self.target = target
    self.workers = workers
  }

  /// An input of the box where the pruned network's output is far from its target's, by gradient ascent.
  ///
  /// - Throws: `TicketError` for a ticket that contradicts its random network; `InterruptedError`. Cost: as `GradientAscent.witness`.
  public func findWitness(control: RunControl = RunControl()) throws -> ErrorWitness {
    let collapsed = try ticket.collapsedLayers(workers: workers)
    return try witness(of: try difference(collapsed), certificate(collapsed), control)
  }

  func witness(
    of difference: OutputDifference, _ certificate: Certificate, _ control: RunControl
  ) throws -> ErrorWitness {
    let ascent = try GradientAscent(
      graph: ticket.graph, inputRange: ticket.inputRange, certificate: certificate, difference)
    return try ascent.witness(difference, inputRange: ticket.inputRange, workers: workers, control: control)
  }

  func certificate(_ collapsed: [CollapsedLayer]) -> Certificate {
    Certificate(
      graph: ticket.graph, kernels: target.kernels, biases: ticket.biases, collapsed: collapsed,
      inputRange: ticket.inputRange)
  }

  func difference(_ collapsed: [CollapsedLayer]) throws -> OutputDifference {
    try OutputDifference(
      graph: ticket.graph, kernels: target.kernels, biases: ticket.biases, collapsed: collapsed,
      inputRange: ticket.inputRange)
  }

  /// The figures that need no data.
  func exactClaims(_ collapsed: [CollapsedLayer], _ certificate: Certificate) -> Claims {
    let kernels = target.kernels
    let errors = ticket.blocks.map { Self.error(of: $0.address, ticket.graph, kernels, collapsed) }
    let empty = collapsed.map {
      CollapsedLayer(
        positive: [Double](repeating: 0, count: $0.positive.count),
        negative: $0.negative.map { [Double](repeating: 0, count: $0.count) })
    }
    let emptyCertificate = self.certificate(empty)
    var claims = Claims(
      keptFilters: ticket.keptFilters,
      totalFilters: 2 * ticket.width * ticket.graph.layers.reduce(0) { $0 + $1.inputChannels },
      maxWeightError: errors.max() ?? 0,
      emptySetError: kernels.joined().reduce(0) { max($0, Double(abs($1))) },
      bitsPerWeight: ticket.bits / Double(ticket.graph.weightCount), blockErrors: errors)
    claims.certifiedError = certificate.finiteOutputError
    claims.emptySetCertifiedError = emptyCertificate.finiteOutputError
    if claims.certifiedError == nil { claims.certificateReason = "the bound overflows Float64" }
    return claims
  }

  /// max |K_t| of each block, in the ticket's order: what the empty subset errs by there.
  public func emptySetErrors() -> [Double] {
    let kernels = target.kernels
    let empty = ticket.graph.layers.map { layer in
      let zeros = [Double](repeating: 0, count: layer.weightCount)
      return CollapsedLayer(positive: zeros, negative: zeros)
    }
    return ticket.blocks.map { Self.error(of: $0.address, ticket.graph, kernels, empty) }
  }

  /// max |collapsed ∓ K| over one block's entries.
  private static func error(
    of address: BlockAddress, _ graph: LayerGraph, _ kernels: [[Float]], _ collapsed: [CollapsedLayer]
  ) -> Double {
    let layer = graph.layers[address.layer - 1]
    let kernel = kernels[address.layer - 1]
    let sums = collapsed[address.layer - 1]
    let (values, sign) = address.half == .positive ? (sums.positive, 1.0) : (sums.negative!, -1.0)
    var largest = 0.0
    for tap in 0..<layer.window.height * layer.window.width {
      let start = (tap * layer.inputChannels + address.channel) * layer.outputChannels
      for index in start..<start + layer.outputChannels {
        largest = max(largest, abs(values[index] - sign * Double(kernel[index])))
      }
    }
    return largest
  }

  func unprunedNetwork(control: RunControl) throws -> Network<Float> {
    let signed = ticket.graph.signedInputs(networkInputIsSigned: ticket.inputRange.isSigned)
    let layers = try ticket.randomNetwork.collapseUnpruned(
      signedInputs: signed, scales: ticket.scales, workers: workers
    ) { if let reason = control.interruption() { throw InterruptedError(reason: reason) } }
    return try ticket.graph.network {
      try layers[$0 - 1].operations(of: ticket.graph.layers[$0 - 1], bias: ticket.biases[$0 - 1])
    }
  }

  /// Refuses, before long work, images that a ticket for this target and input box could not be measured on.
  ///
  /// - Throws: `ConvolutionError` for no image at all, another shape, or labels beyond the target's
  ///   classes; `TicketError` for entries outside the input range, with image, row, column, channel.
  public static func requireUsable(_ data: ImageSet, by target: Network<Float>, in range: InputRange) throws {
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
