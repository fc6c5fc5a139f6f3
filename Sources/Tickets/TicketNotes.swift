import Convolution

extension Ticket {
  /// What of this ticket the theorem does not speak of, in words; empty where it speaks of everything.
  ///
  /// The theorem is about chains of square convolutions with stride 1 and zero "same" padding, ReLU between them and no
  /// bias. The figures hold beyond it: they are measured, and the certified error is a bound of its own that covers
  /// all of these.
  public var notes: [String] {
    var notes: [String] = []
    if biasesTaken > 0 { notes.append("biases taken from the target exactly: \(Self.count(biasesTaken, "scalar"))") }
    func layers(_ text: String, _ isSuch: (SlidingWindow) -> Bool) {
      let numbers = graph.layers.indices.filter { isSuch(graph.layers[$0].window) }.map { "\($0 + 1)" }
      if !numbers.isEmpty {
        notes.append("\(text): layer\(numbers.count == 1 ? "" : "s") \(numbers.joined(separator: ", "))")
      }
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
    let additions = count { $0 == .addition }
    if additions > 0 { notes.append("residual additions: \(additions)") }
    let pools = count {
      if case .pooling = $0 { return true }
      return $0 == .globalAveragePooling
    }
    if pools > 0 { notes.append("pooling: \(Self.count(pools, "layer"))") }
    let unrectified = graph.layersWithoutRectifierBetween
    if !unrectified.isEmpty {
      notes.append(
        "inputs that no ReLU makes non-negative: layer\(unrectified.count == 1 ? "" : "s") "
          + unrectified.map(String.init).joined(separator: ", "))
    }
    return notes
  }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension LayerGraph {
  /// Numbers of the layers that read a value no ReLU has made non-negative, other than the network's input.
  var layersWithoutRectifierBetween: [Int] {
    let signed = signedInputs(networkInputIsSigned: false)
    return signed.indices.filter { signed[$0] }.map { $0 + 1 }
  }
}
