extension Ticket {
  /// Refuses another network than the one that the ticket was drawn for.
  ///
  /// Compared with the target itself, since a ticket's file can say anything of it:
  /// - the digest of the target's graph, kernels and biases, or as many digits as the ticket has;
  /// - the ticket's layer graph: the input's shape, per node the operation and the nodes it reads,
  ///   channels, windows, strides, dilations, padding, the kind of pooling (whether padding counts)
  ///   and whether it rounds up, and the output;
  /// - the biases, bit for bit; of a ticket with short digests, which has its own, which layers
  ///   have one.
  ///
  /// Not compared are the names of nodes and layers, which decide nothing (`renames(_:)`). Scales,
  /// seed, width and kept filters are the ticket's own: what they make of the target is measured.
  ///
  /// - Throws: `TicketError.targetMismatch` that names the first difference, with what the target
  ///   has and what the ticket.
  public func requireMatch(_ target: Target) throws(TicketError) {
    guard Ticket.isDigest(targetDigest, of: target.digest) else {
      throw .targetMismatch(
        at: "digest of the target's tensors", expected: targetDigest, found: target.digest)
    }
    if let difference = graph.firstDifference(from: target.graph) { throw difference }
    for (index, (stated, own)) in zip(biases, target.biases).enumerated() {
      guard stated?.map(\.bitPattern) != own?.map(\.bitPattern) else { continue }
      if hasShortDigests, let stated, let own, stated.count == own.count { continue }
      let place = "bias of layer \(index + 1)"
      guard let stated, let own else {
        func inWords(_ bias: [Float]?) -> String { bias.map { "\($0.count) numbers" } ?? "none" }
        throw .targetMismatch(at: place, expected: inWords(own), found: inWords(stated))
      }
      let channel = own.indices.first { own[$0].bitPattern != stated[$0].bitPattern }!
      throw .targetMismatch(
        at: "\(place), output channel \(channel)", expected: "\(own[channel])",
        found: "\(stated[channel])")
    }
  }

  /// Whether the ticket names a node or layer otherwise than its target does.
  public func renames(_ target: Target) -> Bool {
    graph.nodes.map(\.name) != target.graph.nodes.map(\.name)
      || graph.layers.map(\.name) != target.graph.layers.map(\.name)
  }
}
