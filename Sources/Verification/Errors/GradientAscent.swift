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

  private let memory: AscentMemory
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
    memory = AscentMemory(graph)
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
  ///   - workers: tasks at a time, fewer where memory allows fewer; the result does not depend on
  ///     it.
  ///   - control: asked between steps.
  /// - Throws: `TicketError.invalidParameter` where its memory limit is too small; what `control`
  ///   stops with: `InterruptedError`.
  /// - Complexity: starts · steps passes forward and back through both networks, at most
  ///   `largestWork` multiplications, and as many Float64 passes as there are starts.
  public func witness(
    _ difference: OutputDifference, inputRange: InputRange, workers: Int, control: RunControl
  ) throws -> ErrorWitness {
    let affordable = largestWork / (3 * multiplications * Double(steps))
    let count = max(2, min(starts, Int(min(affordable, 1e6))))
    try memory.require(within: control.limits)
    let workers = memory.affordableWorkers(workers, within: control.limits)
    var best: ErrorWitness?
    // Starts by rounds, of which only the best image is kept.
    let round = workers * memory.batch
    for first in stride(from: 0, to: count, by: round) {
      let starts = first..<min(count, first + round)
      let tasks = (starts.count + memory.batch - 1) / memory.batch
      let images = try Workers.map(count: tasks, workers: workers) { task in
        let lower = starts.lowerBound + task * memory.batch
        return try climb(lower..<min(starts.upperBound, lower + memory.batch), control)
      }.flatMap { $0 }
      let witnesses = try Workers.map(count: images.count, workers: workers) { index in
        if let reason = control.interruption() { throw InterruptedError(reason: reason) }
        return try ErrorWitness(at: images[index], shape: graph.inputShape, inputRange: inputRange, difference)
      }
      for witness in witnesses {
        if let best, witness.error <= best.error { continue }
        best = witness
      }
    }
    guard let best else { preconditionFailure("two starts at least") }
    return best
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
      let target = try pass(through: target, parts, goals, sign: -1, isLast: step == steps, check)
      let pruned = try pass(through: pruned, parts, goals, sign: 1, isLast: step == steps, check)
      var isHigher = [Bool](repeating: false, count: points.count)
      for index in points.indices {
        let height = target.heights[index] + pruned.heights[index]
        isHigher[index] = height > heights[index]
        if isHigher[index] { (points[index], heights[index]) = (tries[index], height) }
      }
      guard var gradient = target.gradient, let other = pruned.gradient else { break }
      try gradient.add(other)
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

  /// One network's outputs, with the sign that each goal gives them, and their gradients over the
  /// parts; those are left out after the last step.
  private func pass(
    through network: Network<Float>, _ parts: Tensor<Float>, _ goals: [(output: Int, sign: Float)], sign: Float,
    isLast: Bool, _ check: () throws -> Void
  ) throws -> (heights: [Float], gradient: Tensor<Float>?) {
    let tape = try ForwardTape(network, parts, check: check)
    let classes = tape.output.shape.count
    var seed = try Tensor<Float>(batch: goals.count, shape: tape.output.shape)
    var heights: [Float] = []
    for (index, goal) in goals.enumerated() {
      seed.values[index * classes + goal.output] = sign * goal.sign
      heights.append(sign * goal.sign * tape.output.values[index * classes + goal.output])
    }
    return (heights, isLast ? nil : try tape.gradient(of: seed, check: check))
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
