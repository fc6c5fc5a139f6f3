import SubsetSumKernels
import Testing

/// The C reductions against their definition, written out: bits must be equal whatever variant the
/// CPU runs.
@Suite struct KernelTests {
  static let counts = [0, 1, 7, 8, 9, 15, 16, 25, 72, 73, 144, 1000]

  /// Adds term j in lane j mod 8, then the lanes in their tree, then the tail.
  private func inOrder(_ terms: [Double]) -> Double {
    var lanes = [Double](repeating: 0, count: 8)
    let whole = terms.count / 8 * 8
    for j in 0..<whole { lanes[j % 8] += terms[j] }
    var sum = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
    for term in terms[whole...] { sum += term }
    return sum
  }

  private func numbers(_ count: Int, _ state: UInt64) -> [Double] {
    var numbers = TestNumbers(state: state)
    return (0..<count).map { k in (numbers.unit() - 0.5) * (k % 5 == 0 ? 1e6 : 1) }
  }

  @Test(arguments: counts) func reductionsKeepTheirOrder(count: Int) {
    let (x, y) = (numbers(count, 1), numbers(count, 2))
    let singles = x.map { Float($0) }
    let scale = 0.731
    #expect(tombola_dot_f64(x, y, count).bitPattern == inOrder((0..<count).map { x[$0] * y[$0] }).bitPattern)
    #expect(
      tombola_dot_f32(singles, y, count).bitPattern
        == inOrder((0..<count).map { Double(singles[$0]) * y[$0] }).bitPattern)
    let differences = (0..<count).map { y[$0] - x[$0] }
    #expect(
      tombola_squared_distance_f64(x, y, count).bitPattern == inOrder(differences.map { $0 * $0 }).bitPattern)
    let scaled = (0..<count).map { y[$0] - scale * Double(singles[$0]) }
    #expect(
      tombola_squared_distance_f32(singles, scale, y, count).bitPattern
        == inOrder(scaled.map { $0 * $0 }).bitPattern)
  }

  @Test(arguments: counts) func differencesAndMagnitudes(count: Int) {
    let (x, y) = (numbers(count, 3), numbers(count, 4))
    let singles = x.map { Float($0) }
    var target = [Double](repeating: .nan, count: count)
    tombola_difference_f64(y, x, &target, count)
    #expect(target == (0..<count).map { y[$0] - x[$0] })
    tombola_difference_f32(y, singles, -0.731, &target, count)
    #expect(target == (0..<count).map { y[$0] + 0.731 * Double(singles[$0]) })
    #expect(tombola_largest_f64(x, count) == x.map(abs).max() ?? 0)
    for place in x.indices where place % 7 == 0 {
      var with = x
      with[place] = -.infinity
      #expect(tombola_largest_f64(with, count) == .infinity)
      with[place] = .nan
      #expect(tombola_largest_f64(with, count) == .infinity)
    }
  }

  @Test func placesThatReachALimit() {
    for count in [0, 1, 7, 63, 64, 65, 200] {
      for stride in [1, 2, 9, 64, 300] {
        for value in [1.0, 2, .nan, .infinity] {
          let values = (0..<count).map { $0 % stride == stride - 1 ? value : 0.5 }
          let singles = values.map { Float($0) }
          let expected = (0..<count).filter { $0 % stride == stride - 1 }.map(Int32.init)
          var places = [Int32](repeating: -1, count: count)
          let met = tombola_reaching_f64(values, count, 1, &places)
          #expect(Array(places.prefix(met)) == expected)
          places = [Int32](repeating: -1, count: count)
          let metSingles = tombola_reaching_f32(singles, count, 1, &places)
          #expect(Array(places.prefix(metSingles)) == expected)
        }
      }
    }
  }

  @Test(arguments: [0, 1, 8, 63, 64, 65, 256, 300]) func placesWithinTheirLimits(count: Int) {
    let (values, limits) = (numbers(count, 6).map { Float($0) }, numbers(count, 7).map { Float($0) })
    for least: Float in [-2e6, -0.5, 0, 0.3, 2e6, .nan] {
      let expected = (0..<count).filter { least <= limits[$0] + 1.5 * values[$0] }.map(Int32.init)
      var places = [Int32](repeating: -1, count: count)
      let met = tombola_within_limits_f32(values, 1.5, limits, least, count, &places)
      #expect(Array(places.prefix(met)) == expected)
    }
    let none = [Float](repeating: .nan, count: count)
    var places = [Int32](repeating: -1, count: count)
    #expect(tombola_within_limits_f32(none, 1, limits, -1e30, count, &places) == 0)
  }
}
