import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum

/// Greedy flips on a block as the demo has it: every step scores all candidates in one pass, then
/// decides among a shortlist in Float64. Two operations a candidate coordinate scored.
struct ScoringBench {
  let timing: Timing

  func rows() throws -> [Row] {
    try [(8_000, 72), (8_000, 144), (64_000, 144)].map { count, dimension in
      func normals(_ count: Int, seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
        return values
      }
      let candidates = try Candidates(
        scales: normals(count, seed: 1).map(abs),
        vectors: try Matrix(rows: count, columns: dimension, values: normals(count * dimension, seed: 2)))
      let problem = try Problem(
        candidates: candidates, target: normals(dimension, seed: 3).map(Double.init), norm: .maximum)
      var work = 0.0
      var peak = 0.0
      let seconds = try BLASLibrary.withThreads(1) {
        try timing.alternate([
          { work = Double(try GreedyFlips().solve(problem, control: RunControl()).work) },
          { peak = MachinePeak.bout(Float.self, workers: 1) },
        ])
      }
      let rates = seconds[0].map { 2 * work / $0 / 1e9 }
      return Row(
        operation: "scoring flips", shape: "\(count) candidates × \(dimension)", type: "Float", threads: 1,
        median: Row.Quartiles(of: rates).median, best: rates.max()!,
        percentOfPeak: Row.Quartiles(of: zip(seconds[0], seconds[1]).map { 100 * (2 * work / $0) / (peak / $1) }).median
      )
    }
  }
}
