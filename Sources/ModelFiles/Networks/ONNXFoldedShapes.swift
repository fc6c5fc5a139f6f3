import Files

/// Shapes that constants are given.
extension ONNXGraphReader {
  /// The shape that Reshape, Squeeze, Unsqueeze or Flatten gives.
  func newShape(_ node: ONNXNode, _ index: Int, _ inputs: [ONNXArray]) throws -> [Int] {
    let (shape, rank) = (inputs[0].shape, inputs[0].shape.count)
    func refused(_ expected: String, _ found: String) -> FileError {
      problem(node, index, expected: expected, found: found)
    }
    switch node.operatorType {
    case "Squeeze":
      let axes = try axes(node, rank: rank, index) ?? shape.indices.filter { shape[$0] == 1 }
      guard axes.allSatisfy({ shape[$0] == 1 }) else { throw refused("axes of size 1", "\(axes) of \(shape)") }
      return shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    case "Unsqueeze":
      guard let count = try axes(node, rank: 64, index)?.count, rank + count <= 16,
        let axes = try axes(node, rank: rank + count, index), Set(axes).count == count
      else { throw refused("distinct axes", "others or none") }
      var rest = shape[...]
      return (0..<rank + count).map { axes.contains($0) ? 1 : rest.removeFirst() }
    case "Flatten":
      var axis = try integer(node, "axis", default: 1, index)
      if axis < 0 { axis += rank }
      guard axis >= 0, axis <= rank else { throw refused("an axis of \(rank) dimensions", "\(axis)") }
      return [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)]
    default:
      var sizes = inputs.count > 1 ? inputs[1].plain : nil
      if case .ints(let numbers)? = node.attribute("shape") { sizes = numbers.map { Int($0) } }
      guard var sizes else { throw refused("a shape", inputs.count > 1 ? inputs[1].text : "none") }
      if try integer(node, "allowzero", default: 0, index) == 0 {
        for place in sizes.indices where sizes[place] == 0 && place < rank { sizes[place] = shape[place] }
      }
      let text = "\(sizes)"
      let count = inputs[0].count
      let known = CheckedSizes.elementCount(sizes.filter { $0 != -1 }) ?? 0
      if let open = sizes.firstIndex(of: -1), known > 0, count % known == 0 { sizes[open] = count / known }
      guard sizes.allSatisfy({ $0 >= 0 }), CheckedSizes.elementCount(sizes) == count else {
        throw refused("a shape of \(count) elements", text)
      }
      return sizes
    }
  }

  func slice(_ node: ONNXNode, _ index: Int, _ input: ONNXArray) throws -> ONNXArray {
    let ranges = try sliceRanges(node, index, sizes: input.shape)
    let start = zip(ranges, input.strides).reduce(0) { $0 + $1.0.start * $1.1 }
    let shape = ranges.map(\.count)
    let strides = zip(ranges, input.strides).map { $0.step * $1 }
    return input.picked(ONNXArray.indices(shape, strides: strides, start: start), shape: shape)
  }

  /// What Slice takes of each dimension.
  ///
  /// - Parameter isBatchOpen: whether dimension 0 counts images, of which all must be taken.
  func sliceRanges(
    _ node: ONNXNode, _ index: Int, sizes: [Int], isBatchOpen: Bool = false
  ) throws -> [(start: Int, step: Int, count: Int)] {
    func list(_ name: String, _ position: Int) throws -> [Int]? {
      if case .ints(let numbers)? = node.attribute(name) { return numbers.map { Int($0) } }
      return try array(node, position, index)?.plain
    }
    let rank = sizes.count
    guard let starts = try list("starts", 1), let ends = try list("ends", 2), starts.count == ends.count,
      starts.count <= rank
    else { throw problem(node, index, expected: "constant starts and ends", found: "others") }
    let axes = try list("axes", 3) ?? Array(starts.indices)
    let steps = try list("steps", 4) ?? [Int](repeating: 1, count: starts.count)
    guard axes.count == starts.count, steps.count == starts.count,
      steps.allSatisfy({ $0 != 0 && $0.magnitude < 1 << 30 })
    else {
      throw problem(node, index, expected: "an axis and a step, not 0, for each start", found: "\(axes), \(steps)")
    }
    var ranges = sizes.map { (start: 0, step: 1, count: $0) }
    var seen: Set<Int> = []
    for (place, given) in axes.enumerated() {
      let axis = given < 0 ? given + rank : given
      guard axis >= 0, axis < rank, seen.insert(axis).inserted else {
        throw problem(node, index, expected: "distinct axes of \(rank) dimensions", found: "\(axes)")
      }
      let (size, step) = (sizes[axis], steps[place])
      if isBatchOpen && axis == 0 {
        guard starts[place] == 0, ends[place] >= Int(Int32.max) || ends[place] == fixedBatch ?? -1, step == 1 else {
          throw problem(
            node, index, expected: "all images of the batch",
            found: "those from \(starts[place]) to \(ends[place])")
        }
        continue
      }
      // Ends before the first entry are −1 when the steps go backwards.
      let (low, high) = step > 0 ? (0, size) : (-1, size - 1)
      func clamped(_ value: Int) -> Int {
        let (counted, overflow) = value.addingReportingOverflow(value < 0 ? size : 0)
        return min(high, max(low, overflow ? low : counted))
      }
      let (first, last) = (clamped(starts[place]), clamped(ends[place]))
      let span = step > 0 ? last - first + step - 1 : first - last - step - 1
      ranges[axis] = (max(0, first), step, max(0, span / abs(step)))
    }
    return ranges
  }
}
