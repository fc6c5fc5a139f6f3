import Convolution
import LinearAlgebra

extension Network {
  /// The same function of an input's parts: channels x⁺, then channels x⁻.
  ///
  /// A kink at x = 0 that comes of splitting the input is then none: x⁺ and x⁻ have gradients of
  /// their own on either side. Where a node other than a convolution or a split reads the input, x⁺
  /// − x⁻ is put together for it.
  func overSignedParts() throws -> Network {
    let channels = inputShape.channels
    var shape = inputShape
    shape.channels = 2 * channels
    var built = [Node(name: "parts", operation: .input, inputs: [])]
    var place = [0]
    var splits = Set<Int>()
    var joined: Int?
    func join() throws -> Int {
      if let joined { return joined }
      let parts = [Scalar](repeating: 1, count: channels) + [Scalar](repeating: -1, count: channels)
      var kernel = [Scalar](repeating: 0, count: 2 * channels * channels)
      for (part, sign) in parts.enumerated() { kernel[part * channels + part % channels] = sign }
      let convolution = try Convolution(
        window: SlidingWindow(height: 1, width: 1), inputChannels: 2 * channels, outputChannels: channels,
        kernel: kernel)
      built.append(Node(name: "joined", operation: .convolution(convolution), inputs: [0]))
      joined = built.count - 1
      return built.count - 1
    }
    for (index, node) in nodes.enumerated().dropFirst() {
      var operation = node.operation
      var inputs = node.inputs.map { place[$0] }
      switch node.operation {
      case .convolution(let layer) where node.inputs == [0] && layer.groups == 1:
        operation = .convolution(try layer.overSignedParts())
      case .blockedPointwise(let layer) where node.inputs == [0] && isSplit(index):
        operation = .blockedPointwise(
          try BlockedPointwise(
            inputChannels: 2 * channels,
            sources: zip(layer.sources, layer.scalars).map { $1 > 0 ? $0 : $0 + channels },
            scalars: layer.scalars.map { abs($0) }))
        splits.insert(index)
      case .plain(.rectifier) where splits.contains(node.inputs[0]):
        // The parts are not negative, so ReLU leaves them as they are.
        place.append(inputs[0])
        continue
      default:
        if node.inputs.contains(0) {
          let whole = try join()
          inputs = node.inputs.map { $0 == 0 ? whole : place[$0] }
        }
      }
      built.append(Node(name: node.name, operation: operation, inputs: inputs))
      place.append(built.count - 1)
    }
    return try Network(inputShape: shape, nodes: built, output: place[output])
  }

  /// Whether ReLUs alone read a node.
  private func isSplit(_ index: Int) -> Bool {
    index != output && nodes.allSatisfy { !$0.inputs.contains(index) || $0.operation == .rectifier }
  }
}

extension Convolution {
  /// K∗x as [K, −K]∗(x⁺, x⁻).
  fileprivate func overSignedParts() throws -> Convolution {
    var doubled: [Scalar] = []
    doubled.reserveCapacity(2 * kernel.count)
    let tap = inputChannels * outputChannels
    for start in stride(from: 0, to: kernel.count, by: tap) {
      doubled += kernel[start..<start + tap]
      doubled += kernel[start..<start + tap].map { -$0 }
    }
    return try Convolution(
      window: window, inputChannels: 2 * inputChannels, outputChannels: outputChannels, kernel: doubled, bias: bias)
  }
}
