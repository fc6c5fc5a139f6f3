import Convolution
import LinearAlgebra

/// A target as convolutions alone: the form in which layers are numbered, digested and pruned into.
///
/// A fully connected layer over a flattened H × W × C image is the convolution whose window is the whole image:
/// entry (c, row, column) of the flat row, which counts in that order, is tap (row, column) of input channel c. Over a
/// flat row of another origin it is a 1×1 convolution on a 1 × 1 image. ReLU and addition work on the image as well as
/// on the row, so they may stand between. A bias of zeros is none. Identity nodes are dropped.
extension Network where Scalar == Float {
  /// The network in this form, which computes the same values.
  ///
  /// - Throws: `TicketError.unsupportedTarget` for sizes that do not fit together as convolutions.
  public func prunableForm() throws(TicketError) -> Network<Float> {
    let images = unflattenedShapes
    var built: [Node] = []
    /// Where each value is, still as an image if it was flattened.
    var place: [Int] = []
    var flattened: [Int: Int] = [:]
    /// The value of a node in the shape that the network says.
    func value(of index: Int) -> Int {
      if images[index] == shapes[index] { return place[index] }
      if let known = flattened[place[index]] { return known }
      built.append(Node(name: flatteningNode(before: index), operation: .flatten, inputs: [place[index]]))
      flattened[place[index]] = built.count - 1
      return built.count - 1
    }
    for (index, node) in nodes.prefix(output + 1).enumerated() {
      let staysAnImage: Bool
      switch node.operation {
      case .rectifier, .dense: staysAnImage = true
      case .addition: staysAnImage = images[node.inputs[0]] == images[node.inputs[1]]
      case .identity:
        place.append(place[node.inputs[0]])
        continue
      case .flatten where images[index] != shapes[index]:
        // Later, and only where a value is needed flat.
        place.append(place[node.inputs[0]])
        continue
      default: staysAnImage = false
      }
      let inputs = node.inputs.map { staysAnImage ? place[$0] : value(of: $0) }
      built.append(
        Node(
          name: node.name, operation: layerAsConvolution(index, images).map { .convolution($0) } ?? node.operation,
          inputs: inputs))
      place.append(built.count - 1)
    }
    let last = value(of: output)
    do { return try Network(inputShape: inputShape, nodes: built, output: last) } catch {
      throw .unsupportedTarget(node: "output", expected: "layers that fit together", found: error.description)
    }
  }

  /// The kernels (HWIO) of the convolutions and fully connected layers that `LayerGraph(of:)` numbers 1…ℓ, from
  /// index 0.
  public var kernels: [[Float]] { layersAsConvolutions.map(\.kernel) }

  /// Their biases, one number per output channel; nil where there is none or all are zero.
  public var biases: [[Float]?] { layersAsConvolutions.map(\.bias) }

  private var layersAsConvolutions: [Convolution<Float>] {
    let images = unflattenedShapes
    return nodes.indices.prefix(output + 1).compactMap { layerAsConvolution($0, images) }
  }

  /// A layer with weights as a convolution over the image that it reads; nil for other nodes.
  private func layerAsConvolution(_ index: Int, _ images: [ImageShape]) -> Convolution<Float>? {
    func orNone(_ bias: [Float]?) -> [Float]? { bias.flatMap { $0.allSatisfy { $0 == 0 } ? nil : $0 } }
    switch nodes[index].operation {
    case .convolution(let layer):
      return try? Convolution(
        window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
        groups: layer.groups, kernel: layer.kernel, bias: orNone(layer.bias))
    case .dense(let layer):
      let image = images[nodes[index].inputs[0]]
      var kernel = [Float](repeating: 0, count: layer.weights.count)
      for pixel in 0..<image.pixels {
        for c in 0..<image.channels {
          let (from, to) = (c * image.pixels + pixel, pixel * image.channels + c)
          for o in 0..<layer.outputs { kernel[to * layer.outputs + o] = layer.weights[from * layer.outputs + o] }
        }
      }
      return try? Convolution(
        window: SlidingWindow(height: image.height, width: image.width), inputChannels: image.channels,
        outputChannels: layer.outputs, kernel: kernel, bias: orNone(layer.bias))
    default: return nil
    }
  }

  /// Shape of each node's value, that of the image where a flat row comes from one.
  private var unflattenedShapes: [ImageShape] {
    var images: [ImageShape] = []
    for (index, node) in nodes.enumerated() {
      switch node.operation {
      case .flatten, .identity, .rectifier: images.append(images[node.inputs[0]])
      case .addition:
        let (first, second) = (images[node.inputs[0]], images[node.inputs[1]])
        images.append(first == second ? first : shapes[index])
      default: images.append(shapes[index])
      }
    }
    return images
  }

  /// Name of the node that flattened a value.
  private func flatteningNode(before index: Int) -> String {
    var index = index
    while true {
      if case .flatten = nodes[index].operation { return nodes[index].name }
      guard let input = nodes[index].inputs.first else { return "flatten" }
      index = input
    }
  }
}
