import Convolution
import Testing

private typealias Node = Network<Double>.Node

@Suite struct PoolingTests {
  private static let image = try! Tensor<Double>(
    batch: 1, shape: ImageShape(height: 3, width: 3, channels: 1), values: [1, -2, 3, 4, 5, -6, 7, 8, -9])

  @Test func maximumIgnoresPadding() throws {
    let pooling = Pooling(
      .maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1)))
    let negative = try Tensor<Double>(
      batch: 1, shape: ImageShape(height: 2, width: 2, channels: 1), values: [-1, -2, -3, -4])
    #expect(try pooling(negative).values == [-1, -2, -3, -4])
    #expect(try pooling(Self.image).values == [1, 3, 7, 8])
  }

  @Test func averagesCountPaddingOrNot() throws {
    let window = SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1))
    #expect(try Pooling(.average, window: window)(Self.image).values == [1, 0.5, 5.5, -0.5])
    #expect(try Pooling(.averageCountingPadding, window: window)(Self.image).values == [0.25, 0.25, 2.75, -0.5])
  }

  @Test func roundingUpAddsAWindowThatStartsOnTheImage() throws {
    let window = SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2, roundsUp: true)
    let result = try Pooling(.maximum, window: window)(Self.image)
    #expect(result.shape == ImageShape(height: 2, width: 2, channels: 1))
    #expect(result.values == [5, 3, 8, -9])
    #expect(try Pooling(.averageCountingPadding, window: window)(Self.image).values == [2, -1.5, 7.5, -9])
    let apart = SlidingWindow(height: 1, width: 1, strideHeight: 3, strideWidth: 3, roundsUp: true)
    #expect(try Pooling(.maximum, window: apart)(Self.image).values == [1])
  }

  @Test func aWindowThatDoesNotFitIsAnError() {
    let large = Pooling(.maximum, window: SlidingWindow(height: 4, width: 1))
    #expect(throws: ConvolutionError.self) { try large(Self.image) }
    let padded = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, padding: Padding(all: 2)))
    #expect(throws: ConvolutionError.self) { try padded(Self.image) }
  }
}

@Suite struct NetworkTests {
  /// x + 2x + 2x by two additions, one of a value to itself; fast and slow, with and without
  /// packing.
  @Test func additionsReadTwoValuesOfOneShape() throws {
    let double = try Convolution<Double>(
      window: SlidingWindow(height: 1, width: 1), inputChannels: 2, outputChannels: 2, kernel: [2, 0, 0, 2])
    func network(_ inputs: [Int], _ operation: Network<Double>.Operation = .addition) throws -> Network<Double> {
      try Network(
        inputShape: ImageShape(height: 2, width: 3, channels: 2),
        nodes: [
          Node(name: "input", operation: .input, inputs: []),
          Node(name: "double", operation: .convolution(double), inputs: [0]),
          Node(name: "four", operation: .addition, inputs: [1, 1]),
          Node(name: "row", operation: .flatten, inputs: [1]),
          Node(name: "last", operation: operation, inputs: inputs),
        ])
    }
    let values = (0..<24).map { Double($0 * 5 % 17 - 8) }
    let images = try Tensor<Double>(batch: 2, shape: ImageShape(height: 2, width: 3, channels: 2), values: values)
    for inputs in [[2, 0], [0, 2]] {
      let network = try network(inputs)
      for result in [try network(images), try network.packed()(images), try network.evaluatedDirectly(images)] {
        #expect(result.values == values.map { 5 * $0 })
      }
    }
    for (inputs, part) in [
      ([1], "2 input(s)"), ([1, 0, 0], "2 input(s)"), ([1, 4], "earlier"), ([1, 3], "one shape"),
    ] {
      do {
        _ = try network(inputs)
        Issue.record("accepted \(inputs)")
      } catch let error as ConvolutionError {
        #expect(error.description.contains("last") && error.description.contains(part), "\(error)")
      }
    }
    #expect(throws: ConvolutionError.self) { try network([1, 2], .rectifier) }
  }

  private func chain() throws -> Network<Double> {
    var numbers = IntegerNumbers(state: 11)
    func weights(_ count: Int) -> [Double] { (0..<count).map { _ in Double(numbers.next()) } }
    let first = try Convolution(window: .same(3), inputChannels: 2, outputChannels: 3, kernel: weights(54))
    let second = try Convolution(
      window: .same(3), inputChannels: 3, outputChannels: 4, kernel: weights(108), bias: weights(4))
    return try Network(
      inputShape: ImageShape(height: 6, width: 5, channels: 2),
      nodes: [
        Node(name: "input", operation: .input, inputs: []),
        Node(name: "conv1", operation: .convolution(first), inputs: [0]),
        Node(name: "relu1", operation: .rectifier, inputs: [1]),
        Node(
          name: "pool1",
          operation: .pooling(
            Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))),
          inputs: [2]),
        Node(name: "conv2", operation: .convolution(second), inputs: [3]),
        Node(name: "flatten", operation: .flatten, inputs: [4]),
        Node(
          name: "dense",
          operation: .convolution(
            try Convolution(
              window: .same(1), inputChannels: 24, outputChannels: 3, kernel: weights(72), bias: weights(3))),
          inputs: [5]),
      ])
  }

  @Test func forwardEqualsTheReferenceAndStepByStep() throws {
    let network = try chain()
    var numbers = IntegerNumbers(state: 3)
    let images: Tensor<Double> = try numbers.tensor(5, network.inputShape)
    let result = try network(images)
    #expect(try network.evaluatedDirectly(images) == result)
    #expect(network.outputShape == ImageShape(height: 1, width: 1, channels: 3))
    let second = try network(images.images(1..<2), scratch: Scratch(tileBytes: 64))
    #expect(second.values == Array(result.values[3..<6]))
    let single = try network.converted(to: Float.self)(images.converted(to: Float.self))
    #expect(single.values.map { Double($0) } == result.values)
  }

  @Test func flatteningIsInChannelRowColumnOrder() throws {
    let image = try Tensor<Double>(
      batch: 1, shape: ImageShape(height: 1, width: 2, channels: 3), values: [1, 2, 3, 4, 5, 6])
    #expect(image.flattenedChannelsFirst().values == [1, 4, 2, 5, 3, 6])
  }

  @Test func globalAverageIsTheMean() throws {
    let image = try Tensor<Double>(
      batch: 2, shape: ImageShape(height: 1, width: 2, channels: 2), values: [1, 2, 3, 4, 5, 6, 7, 9])
    #expect(try image.averagedOverPixels().values == [2, 3, 6, 7.5])
  }

  @Test func anActivationWithTwoReadersSurvivesTheInPlaceRectifier() throws {
    let image = try Tensor<Double>(batch: 1, shape: ImageShape(height: 1, width: 1, channels: 2), values: [-1, 2])
    let nodes = [
      Node(name: "input", operation: .input, inputs: []),
      Node(name: "flat", operation: .flatten, inputs: [0]),
      Node(name: "relu", operation: .rectifier, inputs: [1]),
    ]
    #expect(try Network(inputShape: image.shape, nodes: nodes, output: 1)(image).values == [-1, 2])
    #expect(try Network(inputShape: image.shape, nodes: nodes)(image).values == [0, 2])
    #expect(image.values == [-1, 2])
  }

  @Test func brokenGraphsNameTheNode() throws {
    let shape = ImageShape(height: 4, width: 4, channels: 1)
    func message(_ nodes: [Node], output: Int? = nil) -> String {
      do {
        _ = try Network(inputShape: shape, nodes: nodes, output: output)
        return ""
      } catch { return error.description }
    }
    let input = Node(name: "input", operation: .input, inputs: [])
    #expect(message([]) != "")
    #expect(message([input, Node(name: "late", operation: .rectifier, inputs: [1])]).contains("late"))
    #expect(message([input, Node(name: "bare", operation: .rectifier, inputs: [])]).contains("bare"))
    #expect(message([input], output: 3).contains("output"))
    let head = try Convolution<Double>(
      window: .same(1), inputChannels: 5, outputChannels: 1, kernel: [1, 1, 1, 1, 1])
    #expect(message([input, Node(name: "head", operation: .convolution(head), inputs: [0])]).contains("head"))
    let network = try Network(inputShape: shape, nodes: [input])
    #expect(throws: ConvolutionError.self) {
      try network(Tensor(batch: 1, shape: ImageShape(height: 4, width: 5, channels: 1)))
    }
  }
}
