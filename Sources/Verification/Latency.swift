import Convolution
import LinearAlgebra
import RunControl

/// How long a network takes for one image on one thread.
public struct Latency: Sendable, Hashable {
  /// The median of the passes' times.
  public let medianSeconds: Double
  /// Passes that were timed.
  public let passes: Int

  /// Rounds in which each network has its turn, if there is time for them.
  static let rounds = 25
  /// Rounds that are made at any rate.
  static let leastRounds = 3
  /// A turn's passes go on until they have taken this long together; one is made at any rate.
  static let turnSeconds = 2e-3

  /// Measures networks that take turns, so that a machine that slows down slows all of them.
  ///
  /// A turn is one pass without a clock, which brings weights into the caches where they fit, and
  /// passes timed one by one. BLAS runs on one thread. Networks of a few layers take a few
  /// microseconds a pass: the clock's own reading, some 50 ns, is part of that.
  ///
  /// - Parameters:
  ///   - networks: what is timed; the results are in their order.
  ///   - image: one image, or a batch that each pass runs as a whole.
  ///   - seconds: no round begins after this long, but for the first three.
  ///   - control: asked between turns.
  /// - Throws: `ConvolutionError` for an image of another shape; `InterruptedError` between turns.
  public static func measure(
    _ networks: [PackedNetwork<Float>], on image: Tensor<Float>, seconds: Double = 10,
    control: RunControl = RunControl()
  ) throws -> [Latency] {
    let clock = ContinuousClock()
    let start = clock.now
    let scratches = networks.map { _ in Scratch<Float>() }
    var times = [[Double]](repeating: [], count: networks.count)
    try BLASLibrary.withThreads(1) {
      for round in 0..<rounds where round < leastRounds || (clock.now - start) / .seconds(1) < seconds {
        for (index, network) in networks.enumerated() {
          if let reason = control.interruption() { throw InterruptedError(reason: reason) }
          _ = try network(image, scratch: scratches[index])
          var taken = 0.0
          repeat {
            let before = clock.now
            _ = try network(image, scratch: scratches[index])
            let time = (clock.now - before) / .seconds(1)
            times[index].append(time)
            taken += time
          } while taken < turnSeconds
        }
        control.report(RunProgress(phase: "latency", completed: round + 1, total: rounds))
      }
    }
    return times.map { times in
      let sorted = times.sorted()
      let middle = sorted.count / 2
      return Latency(
        medianSeconds: sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
        passes: sorted.count)
    }
  }
}
