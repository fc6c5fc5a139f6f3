import LinearAlgebra
import Testing

/// Measurements of speed refuse what cannot be measured.
@Suite struct SpeedMeasurementTests {
  /// A size, threads and rounds of which no measurement can be made.
  private static let nonsense = [
    (0, 1, 1), (-1, 1, 1), (8193, 1, 1), (Int.max, 1, 1), (Int.min, 1, 1), (16, 0, 1), (16, Int.min, 1), (16, 1, 0),
    (16, 1, -5),
  ]

  @Test(arguments: nonsense)
  func nonsenseIsATypedError(size: Int, threads: Int, rounds: Int) {
    #expect(throws: LinearAlgebraError.self) {
      try GEMMSpeed.measure(Float.self, size: size, threads: threads, rounds: rounds)
    }
  }

  /// In a process of its own: `BLASCores` chooses BLAS's kernels anew, while other tests multiply.
  @Test func nonsenseIsATypedErrorForAllCores() async {
    await #expect(processExitsWith: .success) {
      // A build of OpenBLAS with one core has no list of them.
      guard let cores = try? BLASCores() else { return }
      for (size, threads, rounds) in Self.nonsense where threads == 1 {
        #expect(throws: LinearAlgebraError.self) { try cores.measure([], size: size, rounds: rounds) }
      }
    }
  }

  @Test func theSmallestMeasurementIsOne() throws {
    #expect(try GEMMSpeed.measure(Double.self, size: 1, threads: 1, rounds: 1) >= 0)
  }
}
