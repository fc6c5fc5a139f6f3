import CTombola
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import Tickets

/// Random vectors of a law; tombola.h says how.
@_cdecl("tombola_make_vectors") public func tombolaMakeVectors(
  _ dimension: Int64, _ count: Int64, _ seed: UInt64, _ law: UnsafePointer<CChar>?,
  _ vectors: UnsafeMutablePointer<Double>?
) -> Int32 {
  status {
    let place = try required(vectors, "vectors")
    let made = try VectorTask.generated(
      dimension: Int(dimension), vectors: Int(count), law: text(law), seed: seed)
    for (row, vector) in made.enumerated() {
      (place + row * vector.count).update(from: vector, count: vector.count)
    }
    return .done
  }
}

/// Codes vectors in so many bits; tombola.h says how.
@_cdecl("tombola_encode_vectors") public func tombolaEncodeVectors(
  _ vectors: UnsafePointer<tombola_array>?, _ options: UnsafePointer<CChar>?, _ run: UnsafePointer<tombola_run>?,
  _ bytes: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ count: UnsafeMutablePointer<Int64>?,
  _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let (place, size) = (try required(bytes, "bytes"), try required(count, "count"))
    let report = try required(report, "report")
    let call = try CallRun(run)
    guard let given = try LentArray(try required(vectors, "vectors").pointee, "vectors") else {
      throw ProblemArrays.missing("vectors")
    }
    try given.require(given.shape.count == 2 && given.count > 0, "(t, m), both above 0")
    var options = try CallOptions(options)
    guard let bits = try options.number("bits") else {
      throw OptionError(option: "bits", expected: "a number above 0", found: "none")
    }
    guard let seed = try options.seed("seed") else {
      throw OptionError(option: "seed", expected: "a whole number ≥ 0", found: "none")
    }
    let task = try VectorTask(
      bits: bits, seed: seed, count: try options.integer("count"), beam: try options.integer("beam"),
      workers: call.workers)
    try options.finish()
    try call.requireNoWorkLimit()
    let (values, m) = (try given.doubles(), given.shape[1])
    let rows = (0..<given.shape[0]).map { Array(values[$0 * m..<($0 + 1) * m]) }
    let (code, figures) = try call.watched { try task.run(rows, call.control) }
    let text = try JSONReport.text(of: figures)
    place.pointee = UnsafeMutableRawPointer(try copied(code, "bytes"))
    report.pointee = copied(text)
    size.pointee = Int64(code.count)
    return figures.stop.map { ToolExit($0) } ?? .done
  }
}

/// The vectors that coded bytes give; tombola.h says how.
@_cdecl("tombola_decode_vectors") public func tombolaDecodeVectors(
  _ data: UnsafeRawPointer?, _ count: Int64, _ vectors: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>?,
  _ shape: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let (place, shape) = (try required(vectors, "vectors"), try required(shape, "shape"))
    let code = try VectorCode(decoding: Array(try bytes(data, count)))
    let rows = try code.vectors()
    place.pointee = try copied(rows.flatMap { $0 }, "vectors")
    (shape[0], shape[1]) = (Int64(rows.count), Int64(code.dimension))
    return .done
  }
}

/// Squared errors of coded vectors against bits; tombola.h says how.
@_cdecl("tombola_rate_distortion") public func tombolaRateDistortion(
  _ targets: UnsafePointer<OpaquePointer?>?, _ count: Int64, _ options: UnsafePointer<CChar>?,
  _ run: UnsafePointer<tombola_run>?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let report = try required(report, "report")
    let call = try CallRun(run)
    guard count >= 0, targets != nil || count == 0 else {
      throw OptionError(option: "targets", expected: "a pointer and a count ≥ 0", found: "\(count)")
    }
    let networks = try (0..<Int(count)).map { index in
      let network = try handle(targets?[index], NetworkHandle.self, "targets")
      return (name: network.name, target: try Target(try network.target().network))
    }
    var options = try CallOptions(options)
    let dimensions = try options.integers("dimensions") ?? [8, 16, 36, 72, 144, 256]
    let task = try RateDistortionTask(
      dimensions: dimensions, rates: try options.numbers("rates") ?? [2, 3, 4],
      seeds: try options.seeds("seeds") ?? [1, 2, 3, 4, 5], count: try options.integer("count"),
      entries: try options.integer("entries"), beam: try options.integer("beam"), targets: networks)
    try options.finish()
    try call.requireNoWorkLimit()
    let found = try call.watched { try task.run(workers: call.workers, call.control) }
    report.pointee = copied(try JSONReport.text(of: found))
    return found.stop.map { ToolExit($0) } ?? .done
  }
}
