import Convolution
import LinearAlgebra
import Testing

/// A blocked 1×1 layer, ReLU and a convolution, run together by runs of one sign, against the slow
/// reference.
@Suite struct RectifiedRunsTests {
  private func network<Scalar: BLASScalar>(
    channels: Int, outputs: Int, sources: [Int], scalars: [Scalar], kernel: [Scalar], bias: [Scalar]?,
    height: Int, width: Int, size: Int = 3
  ) throws -> Network<Scalar> {
    let blocked = try BlockedPointwise(inputChannels: channels, sources: sources, scalars: scalars)
    let window =
      size % 2 == 1 ? SlidingWindow.same(size) : SlidingWindow(height: size, width: size, padding: Padding(all: 1))
    let layer = try Convolution(
      window: window, inputChannels: sources.count, outputChannels: outputs, kernel: kernel, bias: bias)
    return try Network(
      inputShape: ImageShape(height: height, width: width, channels: channels),
      nodes: [
        .init(name: "input", operation: .input, inputs: []),
        .init(name: "blocked", operation: .blockedPointwise(blocked), inputs: [0]),
        .init(name: "hidden", operation: .rectifier, inputs: [1]),
        .init(name: "layer", operation: .convolution(layer), inputs: [2]),
      ])
  }

  /// Integer data: sums are exact, so results match to the bit. Channels out of order, scalars of
  /// both signs and zero, runs longer than one piece.
  private func expectExact<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
    var numbers = IntegerNumbers(state: 21)
    for (channels, outputs, hidden) in [(1, 1, 8), (2, 3, 40), (3, 10, 81), (5, 2, 300), (1, 2, 1200)] {
      for (height, width, size) in [(1, 1, 3), (4, 5, 3), (7, 3, 5), (12, 9, 2)] {
        let sources = (0..<hidden).map { _ in (numbers.next() + 4) % channels }
        let scalars = (0..<hidden).map { _ in Scalar(numbers.next()) }
        let kernel = (0..<size * size * hidden * outputs).map { _ in Scalar(numbers.next()) }
        let bias = width == 5 ? nil : (0..<outputs).map { _ in Scalar(numbers.next()) }
        let network = try network(
          channels: channels, outputs: outputs, sources: sources, scalars: scalars, kernel: kernel, bias: bias,
          height: height, width: width, size: size)
        let images: Tensor<Scalar> = try numbers.tensor(3, network.inputShape)
        let direct = try network.evaluatedDirectly(images)
        #expect(try network(images) == direct, "\(hidden) of \(channels)")
        let packed = try network.packed()
        for scratch in [Scratch<Scalar>(), Scratch(tileBytes: 1), Scratch(tileBytes: 9000, workers: 2)] {
          #expect(try packed(images, scratch: scratch) == direct, "\(hidden) of \(channels), \(scratch.tileBytes)")
        }
      }
    }
  }

  @Test func runsAreExactInFloat() throws { try expectExact(Float.self) }
  @Test func runsAreExactInDouble() throws { try expectExact(Double.self) }

  /// Which pixels share a tile decides no bit.
  @Test func tilesAndWorkersChangeNoBit() throws {
    func values(_ count: Int, _ seed: Double) -> [Float] {
      (0..<count).map { Float((Double($0) * seed).remainder(dividingBy: 1)) }
    }
    let network = try network(
      channels: 2, outputs: 4, sources: (0..<90).map { $0 / 45 }, scalars: values(90, 0.618),
      kernel: values(3240, 0.317),
      bias: nil, height: 11, width: 10)
    let images = try Tensor<Float>(
      batch: 4, shape: network.inputShape, values: values(880, 0.733).map { abs($0) < 0.1 ? 0 : $0 })
    let packed = try network.packed()
    let whole = try packed(images)
    for scratch in [Scratch<Float>(tileBytes: 1), Scratch(tileBytes: 20_000), Scratch(workers: 3)] {
      #expect(try packed(images, scratch: scratch) == whole)
    }
    for image in 0..<4 {
      #expect(
        try packed(images.images(image..<image + 1)).values == Array(whole.values[image * 440..<(image + 1) * 440]))
    }
    let direct = try network.evaluatedDirectly(images)
    for (fast, slow) in zip(whole.values, direct.values) { #expect(abs(fast - slow) <= 1e-4) }
  }

  /// What is no number stays none: in the input, and zero times an infinite weight.
  @Test func nothingHidesWhatIsNoNumber() throws {
    var numbers = IntegerNumbers(state: 5)
    var kernel = (0..<9 * 16).map { _ in Float(numbers.next()) }
    let sources = (0..<16).map { $0 / 8 }
    let scalars = (0..<16).map { Float($0 % 3 - 1) }
    func expectSame(_ kernel: [Float], _ values: [Float]) throws {
      let network = try network(
        channels: 2, outputs: 1, sources: sources, scalars: scalars, kernel: kernel, bias: nil, height: 4, width: 4)
      let images = try Tensor<Float>(batch: 1, shape: network.inputShape, values: values)
      let (fast, direct) = (try network.packed()(images), try network.evaluatedDirectly(images))
      for (one, other) in zip(fast.values, direct.values) { #expect(one == other || (one.isNaN && other.isNaN)) }
    }
    var values = (0..<32).map { _ in Float(numbers.next()) }
    values[9] = .nan
    try expectSame(kernel, values)
    values[9] = .infinity
    try expectSame(kernel, values)
    values[9] = 1
    kernel[20] = .infinity
    try expectSame(kernel, values)
  }
}
