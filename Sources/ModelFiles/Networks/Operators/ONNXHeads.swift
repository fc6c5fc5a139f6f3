/// What ends a classifier and changes no class: read as its input, with a note.
extension ONNXGraphReader {
  mutating func head(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let type = node.operatorType
    if type != "Sigmoid" {
      let rank = input.layout.rank
      let isOld = (document.operatorSetVersion ?? 17) < 13
      var axis = try integer(node, "axis", default: type == "ArgMax" ? 0 : isOld ? 1 : -1, index)
      if axis < 0 { axis += rank }
      // Before operator set 13 a softmax runs over all axes from the given one on.
      let axes = input.layout.dimensions.dropFirst(max(0, axis - 1))
      let isAlone = type == "ArgMax" || !isOld || axes.dropFirst().allSatisfy(\.isEmpty)
      let isChannels =
        input.layout.dimensions.indices.contains(axis - 1)
        && (input.layout.dimensions[axis - 1] == [.channel] || input.layout.dimensions.count == 1)
      guard axis > 0, isChannels, isAlone else {
        throw problem(node, index, expected: "\(type) over the classes", found: "axis \(axis) of rank \(rank)")
      }
    }
    noteHead(type)
    try alias(node, index) { $0.head = type }
  }

  /// Says that a head is left out.
  mutating func noteHead(_ type: String) {
    let outputs = type == "ArgMax" ? "the numbers of the largest" : "what it makes of them"
    notes.append("\(type) at the end is left out: outputs are its inputs, the scores, not \(outputs); no class changes")
  }

  /// Scores by class label, one map a row: the scores.
  mutating func zipMap(_ node: ONNXNode, _ index: Int) throws {
    notes.append("ZipMap at the end, which names the scores by their classes, is left out")
    try alias(node, index)
  }
}
