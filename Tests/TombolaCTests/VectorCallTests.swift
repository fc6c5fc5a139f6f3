import CTombola
import Foundation
import Pruning
import Testing
import Tickets
import TombolaC

/// Vectors coded through C: the bytes are Swift's, and what is wrong is said.
@Suite struct VectorCallTests {
  private static let m = 12
  private static let count = 9

  /// Vectors of a law, made through C.
  private static func made(law: String?) throws -> [Double] {
    var values = [Double](repeating: .nan, count: m * count)
    try #require(tombola_make_vectors(Int64(m), Int64(count), 5, law, &values) == TOMBOLA_DONE)
    return values
  }

  /// What coding vectors gives: the status, the bytes, the report.
  private static func encoded(
    _ values: [Double], _ options: String, shape: [Int] = [count, m]
  ) -> (status: Int32, bytes: [UInt8], report: String) {
    values.withUnsafeBufferPointer { values in
      var array = tombola_array()
      array.data = UnsafeRawPointer(values.baseAddress)
      (array.type, array.rank) = (Int32(TOMBOLA_FLOAT64), Int32(shape.count))
      (array.shape.0, array.strides.0) = (Int64(shape[0]), Int64(8 * (shape.count > 1 ? shape[1] : 1)))
      if shape.count > 1 { (array.shape.1, array.strides.1) = (Int64(shape[1]), 8) }
      var (bytes, size): (UnsafeMutableRawPointer?, Int64) = (nil, 0)
      var report: UnsafeMutablePointer<CChar>?
      let status = tombola_encode_vectors(&array, options, nil, &bytes, &size, &report)
      defer {
        tombola_free(bytes)
        tombola_free(report)
      }
      let data = bytes.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: Int(size))) } ?? []
      return (status, data, report.map { String(cString: $0) } ?? "")
    }
  }

  @Test(arguments: [nil, "gaussian", "laplacian"] as [String?])
  func bytesAreThoseOfSwift(law: String?) throws {
    let wanted = try #require(VectorEncoder.Law(rawValue: law ?? "gaussian"))
    let rows = (0..<Self.count).map { wanted.vector(dimension: Self.m, seed: 5, index: $0) }
    let values = try Self.made(law: law)
    #expect(values == rows.flatMap { $0 })
    let found = Self.encoded(values, #"{"bits": 4, "seed": 18446744073709551615, "count": 700, "beam": 8}"#)
    let code = try VectorEncoder(seed: .max, width: 700, beam: 8, workers: 1).code(rows, bits: 4).code
    #expect(found.status == TOMBOLA_DONE)
    #expect(found.bytes == (try code.encoded()))
    #expect(found.report.contains("\"file_bytes\" : \(found.bytes.count)"))
    var (again, shape): (UnsafeMutablePointer<Double>?, [Int64]) = (nil, [0, 0])
    try #require(
      tombola_decode_vectors(found.bytes, Int64(found.bytes.count), &again, &shape) == TOMBOLA_DONE)
    defer { tombola_free(again) }
    #expect(shape == [Int64(Self.count), Int64(Self.m)])
    #expect(
      [Double](UnsafeBufferPointer(start: again, count: Self.m * Self.count)) == (try code.vectors().flatMap { $0 }))
  }

  @Test(
    arguments: [
      (#"{"seed": 1}"#, "bits"), (#"{"bits": 4}"#, "seed"), (#"{"bits": 4, "seed": 1, "count": 0}"#, "count"),
      (#"{"bits": 4, "seed": 1, "beam": 0}"#, "beam"), (#"{"bits": 4, "seed": 1, "solver": "beam"}"#, "options"),
    ])
  func badOptionsAreSaid(options: String, place: String) throws {
    let found = Self.encoded(try Self.made(law: nil), options)
    #expect(found.status == TOMBOLA_BAD_INPUT && found.bytes.isEmpty && found.report.isEmpty)
    #expect(tombola_error_where().map { String(cString: $0) } == place)
  }

  @Test func badArraysAndBytesAreSaid() throws {
    let values = try Self.made(law: nil)
    #expect(Self.encoded(values, #"{"bits": 4, "seed": 1}"#, shape: [8]).status == TOMBOLA_BAD_INPUT)
    #expect(Self.encoded(values, #"{"bits": 4, "seed": 1}"#, shape: [0, 8]).status == TOMBOLA_BAD_INPUT)
    var (again, shape): (UnsafeMutablePointer<Double>?, [Int64]) = (nil, [0, 0])
    #expect(tombola_decode_vectors([1, 2, 3], 3, &again, &shape) == TOMBOLA_BAD_INPUT && again == nil)
    var place = 0.0
    #expect(tombola_make_vectors(0, 1, 1, nil, &place) == TOMBOLA_BAD_INPUT)
    #expect(tombola_make_vectors(1, 1, 1, "cauchy", &place) == TOMBOLA_BAD_INPUT)
    #expect(tombola_error_where().map { String(cString: $0) } == "law")
    #expect(tombola_rate_distortion(nil, 1, nil, nil, nil) == TOMBOLA_BAD_INPUT)
  }
}
