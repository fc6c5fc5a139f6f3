import Convolution
import Files
import LinearAlgebra

/// Conv, and the window that it shares with pools.
extension ONNXGraphReader {
  mutating func convolution(_ node: ONNXNode, _ index: Int) throws {
    let input = try image(node, index, takesPadding: true)
    try append(node, index, .convolution(try layer(node, index, over: input)), toImage: input)
  }

  private func layer(_ node: ONNXNode, _ index: Int, over input: ONNXComputed) throws -> Convolution<Float> {
    let kernel = try weights(node, 1, index)
    let spatial = input.layout.spatial(in: builder.shape(of: input.value)) ?? 2
    guard kernel.shape.count == spatial + 2, kernel.shape.allSatisfy({ $0 > 0 }) else {
      throw problem(
        node, index,
        expected: "a kernel of shape " + (spatial == 2 ? "(M, C/group, kH, kW)" : "(M, C/group, k)"),
        found: CheckedSizes.text(kernel.shape))
    }
    let groups = try integer(node, "group", default: 1, index)
    let (outputs, perGroup) = (kernel.shape[0], kernel.shape[1])
    let (height, width) = (spatial == 2 ? kernel.shape[2] : 1, kernel.shape[spatial + 1])
    if let stated = try integers(node, "kernel_shape", count: spatial, index), stated != Array(kernel.shape[2...]) {
      throw problem(
        node, index, expected: "kernel_shape \(Array(kernel.shape[2...])) as the weights", found: "\(stated)")
    }
    let (inputs, overflow) = perGroup.multipliedReportingOverflow(by: groups)
    guard groups > 0, !overflow else {
      throw problem(node, index, expected: "a group count above 0", found: "\(groups)")
    }
    // OIHW there, HWIO here.
    var values = [Float](repeating: 0, count: kernel.values.count)
    for o in 0..<outputs {
      for c in 0..<perGroup {
        for tap in 0..<height * width {
          values[(tap * perGroup + c) * outputs + o] = kernel.values[(o * perGroup + c) * height * width + tap]
        }
      }
    }
    let bias = has(node, 2) ? try weights(node, 2, index) : nil
    if let bias, bias.shape.count != 1 {
      throw problem(node, index, expected: "a bias of one dimension", found: CheckedSizes.text(bias.shape))
    }
    return try Convolution(
      window: try window(node, height: height, width: width, index, over: input), inputChannels: inputs,
      outputChannels: outputs, groups: groups, kernel: values, bias: bias?.values)
  }

  /// How a kernel of `height` × `width` walks over an image, zeros of a Pad before it included.
  func window(
    _ node: ONNXNode, height: Int, width: Int, _ index: Int, over input: ONNXComputed
  ) throws -> SlidingWindow {
    let shape = builder.shape(of: input.value)
    let spatial = input.layout.spatial(in: shape) ?? 2
    /// Numbers for rows and columns, of which a document of one axis gives those for columns.
    func pair(_ name: String) throws -> [Int] {
      let numbers = try integers(node, name, count: spatial, index) ?? [1, 1]
      return spatial == 2 ? numbers : [1] + numbers.suffix(1)
    }
    let (strides, dilations) = (try pair("strides"), try pair("dilations"))
    var window = SlidingWindow(
      height: height, width: width, strideHeight: strides[0], strideWidth: strides[1],
      dilationHeight: dilations[0], dilationWidth: dilations[1])
    guard (strides + dilations).allSatisfy({ $0 > 0 }) else {
      throw problem(node, index, expected: "strides and dilations above 0", found: "\(strides), \(dilations)")
    }
    let automatic = try text(node, "auto_pad", default: "NOTSET", index)
    switch automatic {
    case "NOTSET":
      if let pads = try integers(node, "pads", count: 2 * spatial, index) {
        window.padding =
          spatial == 2
          ? Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
          : Padding(left: pads[0], right: pads[1])
      }
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      guard input.padding == nil else {
        throw problem(node, index, expected: "auto_pad NOTSET behind a Pad", found: automatic)
      }
      func split(_ size: Int, _ span: Int, _ stride: Int) -> (leading: Int, trailing: Int) {
        let total = max(0, ((size + stride - 1) / stride - 1) * stride + span - size)
        return automatic == "SAME_UPPER" ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
      }
      let rows = split(shape.height, (height - 1) * dilations[0] + 1, strides[0])
      let columns = split(shape.width, (width - 1) * dilations[1] + 1, strides[1])
      window.padding = Padding(
        top: rows.leading, left: columns.leading, bottom: rows.trailing, right: columns.trailing)
    default:
      throw problem(
        node, index, expected: "auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: "'\(automatic)'")
    }
    if let more = input.padding {
      window.padding = Padding(
        top: window.padding.top + more.top, left: window.padding.left + more.left,
        bottom: window.padding.bottom + more.bottom, right: window.padding.right + more.right)
    }
    return window
  }
}
