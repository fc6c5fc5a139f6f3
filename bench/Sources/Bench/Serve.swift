import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra

/// Runs layers and products on request, for a driver that lets rivals take turns: a line in, a line
/// out.
///
/// `{"prepare": {"size", "inputs", "outputs", "window", "stride", "groups", "batch", "threads",
/// "pooling"}}` makes a convolution with ReLU (and 2×2 max pooling), `{"prepare": {"gemm": [m, n,
/// k], "threads"}}` a product; both answer with the operations of a run and a few values of the
/// result. `{"table": true}` answers with the layers of `make bench`. `{"run": n}` answers with the
/// seconds of n runs.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run layers on request, for a driver on standard input.")

  @OptionGroup var blas: BLASCoreOption

  private struct Request: Decodable {
    struct Case: Decodable {
      var size: Int?
      var inputs: Int?
      var outputs: Int?
      var window: Int?
      var stride: Int?
      var batch: Int?
      var groups: Int?
      var pooling: Bool?
      var gemm: [Int]?
      let threads: Int
    }
    var prepare: Case?
    var run: Int?
    var table: Bool?
  }
  private struct Prepared: Encodable {
    let operations: Double
    let scratchBytes: Int
    /// Values of the result, NHWC, at `probes` evenly spread indices.
    let probes: [Float]
    let count: Int
  }
  private struct Timed: Encodable { let seconds: Double }
  private static let probes = 101

  func run() throws {
    try blas.apply()
    let decoder = JSONDecoder()
    var body: (() throws -> Void)?
    var threads = 1
    while let line = readLine() {
      let request = try decoder.decode(Request.self, from: Data(line.utf8))
      if request.table == true {
        try answer(LayerShape.table)
      } else if let wanted = request.prepare {
        body = nil
        threads = wanted.threads
        body = try prepare(wanted)
      } else if let count = request.run, let body {
        let seconds = try BLASLibrary.withThreads(threads) {
          let start = ContinuousClock.now
          for _ in 0..<count { try body() }
          return (ContinuousClock.now - start) / .seconds(1)
        }
        try answer(Timed(seconds: seconds))
      } else {
        throw ValidationError("expected a case to prepare, or a number of runs of one; found \(line)")
      }
    }
  }

  private func prepare(_ wanted: Request.Case) throws -> () throws -> Void {
    if let gemm = wanted.gemm {
      guard gemm.count == 3 else { throw ValidationError("expected m, n and k, found \(gemm)") }
      let (m, n, k) = (gemm[0], gemm[1], gemm[2])
      let a = try Matrix<Float>(rows: m, columns: k, values: PreparedLayer.values(m * k, 7919))
      let b = try Matrix<Float>(rows: k, columns: n, values: PreparedLayer.values(k * n, 104_729))
      var c = try Matrix<Float>(rows: m, columns: n)
      let product = {
        try a.withView { a in try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } } }
      }
      try product()
      try answer(prepared(c.values, operations: 2 * Double(m) * Double(n) * Double(k), scratchBytes: 0))
      return product
    }
    guard let size = wanted.size, let inputs = wanted.inputs, let outputs = wanted.outputs, let window = wanted.window
    else { throw ValidationError("expected size, inputs, outputs and window of a layer") }
    let shape = LayerShape(
      name: "", size: size, inputs: inputs, outputs: outputs, window: window, stride: wanted.stride ?? 1,
      groups: wanted.groups ?? 1)
    let layer = try PreparedLayer(
      shape, batch: wanted.batch ?? 1, threads: wanted.threads, rectifying: true, pooling: wanted.pooling ?? false)
    let result = try layer()
    try answer(prepared(result.values, operations: layer.operations, scratchBytes: layer.scratch.bytes))
    return { try layer.run() }
  }

  private func prepared(_ values: [Float], operations: Double, scratchBytes: Int) -> Prepared {
    let probes = (0..<Self.probes).map { values[$0 * (values.count - 1) / (Self.probes - 1)] }
    return Prepared(operations: operations, scratchBytes: scratchBytes, probes: probes, count: values.count)
  }

  private func answer(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
    fflush(nil)
  }
}
