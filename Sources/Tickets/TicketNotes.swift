import Convolution

extension Ticket {
  /// What of this ticket for this target the theorem does not speak of, in words: `notes`, and the
  /// blocks whose scaled target lies beyond its reach.
  ///
  /// The theorem's subset sum has a target z with ‖z‖₁ ≤ √k for k filters kept. A block's is its
  /// input channel's share of the kernel divided by the layer's scale, K_t/s.
  ///
  /// - Precondition: `requireMatch(target)` has not thrown.
  public func notes(for target: Target) -> [String] {
    let beyond = blocks.count { block in
      let slice = target.kernels[block.address.layer - 1].slice(ofChannel: block.address.channel)
      let sum = slice.reduce(0.0) { $0 + Double(abs($1)) }
      return sum / scales[block.address.layer - 1] > Double(block.kept.count).squareRoot()
    }
    if beyond == 0 { return notes }
    return notes + [
      "kernels scaled beyond ‖z‖₁ ≤ √k: \(beyond) of \(Self.count(blocks.count, "block"))"
    ]
  }

  /// What of this ticket the theorem does not speak of, in words, as far as a ticket alone shows
  /// it; empty where it speaks of everything.
  ///
  /// The theorem is about chains of square convolutions with stride 1 and zero "same" padding, ReLU
  /// between them and no bias, of which every kernel entry is approximated, by as many filters in
  /// every block of a layer. The figures hold beyond it: they are measured, and the certified error
  /// is a bound of its own that covers all of these.
  public var notes: [String] {
    var notes: [String] = []
    if biasesTaken > 0 {
      let how =
        !hasShortDigests
        ? "biases taken from the target exactly"
        : mode == .calibrated ? "biases rounded, moved by means on calibration images" : "biases rounded"
      notes.append("\(how): \(Self.count(biasesTaken, "scalar"))")
    }
    if mapScalarsTaken > 0 {
      notes.append(
        "factors and shifts per channel taken from the target exactly: \(Self.count(mapScalarsTaken, "scalar"))")
    }
    func note(_ text: String, ofLayers numbers: [Int]) {
      if numbers.isEmpty { return }
      let list = numbers.map(String.init).joined(separator: ", ")
      notes.append("\(text): layer\(numbers.count == 1 ? "" : "s") \(list)")
    }
    func layers(_ text: String, _ isSuch: (SlidingWindow) -> Bool) {
      let numbers = graph.layers.indices.filter { isSuch(graph.layers[$0].window) }.map { $0 + 1 }
      note(text, ofLayers: numbers)
    }
    layers("strided convolutions") { $0.strideHeight != 1 || $0.strideWidth != 1 }
    layers("dilated convolutions") { $0.dilationHeight != 1 || $0.dilationWidth != 1 }
    layers("convolutions without same padding, or fully connected layers") {
      let dilated = (($0.height - 1) * $0.dilationHeight, ($0.width - 1) * $0.dilationWidth)
      let padding = $0.padding
      return $0.height != $0.width || padding.top + padding.bottom != dilated.0
        || padding.left + padding.right != dilated.1
    }
    func count(_ isSuch: (LayerGraph.Operation) -> Bool) -> Int { graph.nodes.count { isSuch($0.operation) } }
    let additions = count { $0 == .plain(.addition) }
    let selections = count { if case .plain(.channelSelection) = $0 { true } else { false } }
    if additions > 0 {
      notes.append("\(selections > 0 ? "additions and concatenations" : "residual additions"): \(additions)")
    }
    let pools = count {
      if case .plain(.pooling) = $0 { return true }
      return $0 == .plain(.globalAveragePooling)
    }
    if pools > 0 { notes.append("pooling: \(Self.count(pools, "layer"))") }
    note("inputs that no ReLU makes non-negative", ofLayers: graph.layersWithoutRectifierBetween)
    note("subsets of free sizes", ofLayers: layersOfFreeSizes)
    if mode == .calibrated {
      notes.append("errors lowered on calibration images, not at every kernel entry")
    }
    return notes
  }

  /// Numbers of the layers whose blocks do not all keep the same number of filters.
  private var layersOfFreeSizes: [Int] {
    (1...graph.layers.count).filter { number in
      Set(blocks.filter { $0.address.layer == number }.map(\.kept.count)).count > 1
    }
  }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
