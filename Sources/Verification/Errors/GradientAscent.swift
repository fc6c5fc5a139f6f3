import Convolution
import LinearAlgebra
import RandomStreams
import RunControl
import Tickets

/// Looks for inputs of the box where a pruned network's output is far from its target's, by
/// climbing along gradients.
///
/// The difference is piecewise linear in x⁺ and x⁻. Each step goes towards the box's point (low, 0
/// or high, entry by entry) that the gradient here promises most, all the way if that is higher,
/// else half as far; a network of one layer is done after one step. Several starts climb, each with
/// an output and a sign of its own. Everything is in Float32 and through BLAS: it proposes an
/// input, `ErrorWitness` says what it is worth. The same on one machine whatever the threads.
public struct GradientAscent: Sendable {
  /// Starts at most, and steps of each.
  public var starts = 32
  /// Steps of each start.
  public var steps = 16
  /// Multiplications of all passes together: fewer starts, but two at least, for larger networks.
  public var largestWork = 4e10

  /// Starts that climb together, fewer where their values would take more than `largestTape`
  /// entries.
  private let batch: Int
  private static let largestTape = 1 << 25
  private let graph: LayerGraph
  private let range: (low: Float, high: Float)
  private let target: Network<Float>
  private let pruned: Network<Float>
  private let outputs: [Int]
  private let multiplications: Double

  /// An ascent over the box, from outputs that may err most.
  ///
  /// - Parameters:
  ///   - graph: the target's architecture.
  ///   - inputRange: the box; its bounds are rounded inward to Float32.
  ///   - certificate: says which outputs may err most.
  ///   - difference: the two networks.
  /// - Throws: `ConvolutionError` only for networks that do not fit the graph.
  public init(graph: LayerGraph, inputRange: InputRange, certificate: Certificate, _ difference: OutputDifference)
    throws
  {
    self.graph = graph
    range = (Self.upward(inputRange.low), Self.downward(inputRange.high))
    target = try difference.target.converted(to: Float.self).overSignedParts()
    pruned = try difference.pruned.converted(to: Float.self).overSignedParts()
    // The outputs that may err most, by the certificate, first.
    let bounds = certificate.outputErrors
    outputs = bounds.indices.sorted { (bounds[$1], $0) < (bounds[$0], $1) }
    let entries = [target, pruned].reduce(0) { $0 + $1.shapes.reduce(0) { $0 + $1.count } }
    batch = max(1, min(16, Self.largestTape / max(1, entries)))
    multiplications = [target, pruned].reduce(0) { total, network in
      zip(network.nodes, network.shapes).reduce(total) { total, node in
        guard case .convolution(let layer) = node.0.operation else { return total }
        return total + Double(node.1.count) * Double(layer.taps)
      }
    }
  }

  /// The input found whose error, in Float64, is largest; the first of equals.
  ///
  /// - Parameters:
  ///   - difference: the two networks, whose error decides in Float64.
  ///   - inputRange: the box.
  ///   - workers: tasks at a time; the result does not depend on it.
  ///   - control: asked between steps.
  /// - Throws: what `control` stops with: `InterruptedError`.
  /// - Complexity: starts · steps passes forward and back through both networks, at most
  ///   `largestWork` multiplications, and as many Float64 passes as there are starts.
  public func witness(
    _ difference: OutputDifference, inputRange: InputRange, workers: Int, control: RunControl
  ) throws -> ErrorWitness {
    let affordable = largestWork / (3 * multiplications * Double(steps))
    let count = max(2, min(starts, Int(min(affordable, 1e6))))
    let tasks = (count + batch - 1) / batch
    let images = try Workers.map(count: tasks, workers: workers) { task in
      try climb(task * batch..<min(count, (task + 1) * batch), control)
    }.flatMap { $0 }
    let witnesses = try Workers.map(count: images.count, workers: workers) { index in
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
      return try ErrorWitness(at: images[index], shape: graph.inputShape, inputRange: inputRange, difference)
    }
    return witnesses.dropFirst().reduce(witnesses[0]) { $1.error > $0.error ? $1 : $0 }
  }

  /// Where some of the starts end.
  private func climb(_ starts: Range<Int>, _ control: RunControl) throws -> [[Float]] {
    let goals = starts.map { (output: outputs[$0 / 2 % outputs.count], sign: $0 % 2 == 0 ? Float(1) : -1) }
    var points = starts.map { start(number: $0) }
    var heights = [Float](repeating: -.infinity, count: points.count)
    var directions = points
    var lengths = [Float](repeating: 1, count: points.count)
    var tries = points
    func check() throws {
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
    }
    for step in 0...steps {
      try check()
      let parts = try parts(of: tries)
      let tapes = (try ForwardTape(target, parts, check: check), try ForwardTape(pruned, parts, check: check))
      let classes = tapes.0.output.shape.count
      var seeds = (
        try Tensor<Float>(batch: points.count, shape: tapes.0.output.shape),
        try Tensor<Float>(batch: points.count, shape: tapes.0.output.shape)
      )
      var isHigher = [Bool](repeating: false, count: points.count)
      for (index, goal) in goals.enumerated() {
        let place = index * classes + goal.output
        let height = goal.sign * (tapes.1.output.values[place] - tapes.0.output.values[place])
        isHigher[index] = height > heights[index]
        if isHigher[index] { (points[index], heights[index]) = (tries[index], height) }
        seeds.0.values[place] = -goal.sign
        seeds.1.values[place] = goal.sign
      }
      if step == steps { break }
      var gradient = try tapes.0.gradient(of: seeds.0, check: check)
      try gradient.add(tapes.1.gradient(of: seeds.1, check: check))
      for index in points.indices {
        if isHigher[index] {
          directions[index] = best(gradient, image: index)
          lengths[index] = min(1, 2 * lengths[index])
        } else {
          lengths[index] /= 2
        }
        let length = lengths[index]
        tries[index] = zip(points[index], directions[index]).map {
          min(range.high, max(range.low, $0 + length * ($1 - $0)))
        }
      }
    }
    return points
  }

  /// The point of the box that a gradient over the parts promises most.
  private func best(_ gradient: Tensor<Float>, image: Int) -> [Float] {
    let channels = graph.inputShape.channels
    let start = image * gradient.shape.count
    return (0..<graph.inputShape.count).map { entry in
      let (pixel, c) = entry.quotientAndRemainder(dividingBy: channels)
      let (up, down) = (
        gradient.values[start + pixel * 2 * channels + c], gradient.values[start + (pixel * 2 + 1) * channels + c]
      )
      func promise(_ x: Float) -> Float { up * max(x, 0) + down * max(-x, 0) }
      var best = promise(range.low) >= promise(range.high) ? range.low : range.high
      if range.low < 0 && range.high > 0 && promise(best) < 0 { best = 0 }
      return best
    }
  }

  /// Zeros (or what of the box is nearest), its highest corner, a random corner, random numbers,
  /// and again.
  private func start(number: Int) -> [Float] {
    let count = graph.inputShape.count
    let stream = StreamAddress(seed: UInt64(number), path: StreamPath(filter: 1))
    switch number / 2 % 4 {
    case 0: return [Float](repeating: min(range.high, max(range.low, 0)), count: count)
    case 1: return [Float](repeating: range.high, count: count)
    case 2: return (0..<count).map { UniformStream.value(at: stream, entry: $0) < 0.5 ? range.low : range.high }
    default:
      return (0..<count).map {
        let part = Float(UniformStream.value(at: stream, entry: $0))
        return min(range.high, max(range.low, range.low + part * (range.high - range.low)))
      }
    }
  }

  private func parts(of images: [[Float]]) throws -> Tensor<Float> {
    let channels = graph.inputShape.channels
    var shape = graph.inputShape
    shape.channels = 2 * channels
    var values: [Float] = []
    values.reserveCapacity(images.count * shape.count)
    for image in images {
      for pixel in 0..<shape.pixels {
        let entries = image[pixel * channels..<(pixel + 1) * channels]
        values += entries.map { max($0, 0) }
        values += entries.map { max(-$0, 0) }
      }
    }
    return try Tensor(batch: images.count, shape: shape, values: values)
  }

  /// The nearest Float32 at or above a number.
  private static func upward(_ value: Double) -> Float {
    let rounded = Float(value)
    return Double(rounded) < value ? rounded.nextUp : rounded
  }

  private static func downward(_ value: Double) -> Float { -upward(-value) }
}
