import Foundation

/// From where to where an axis runs, and where its labels stand if nobody says.
struct AxisRange: Sendable, Hashable {
  let low: Double
  let high: Double

  /// Around all `values` with a twentieth of their span on both sides; a single value gets room of
  /// its own. Not empty for finite values, which on a logarithmic axis must be above 0.
  init(_ values: [Double], of axis: Chart.Axis) {
    let least = values.min() ?? 1
    let most = values.max() ?? 1
    if axis.isLogarithmic {
      // The logarithm of every positive Double is finite, so both ends are.
      let margin = max(0.05 * (log(most) - log(least)), 0.05)
      low = max(exp(log(least) - margin), .leastNormalMagnitude)
      high = min(exp(log(most) + margin), .greatestFiniteMagnitude)
    } else {
      let start = axis.startsAtZero ? min(least, 0) : least
      let span = most / 2 - start / 2
      let margin = span > 0 ? 0.1 * span : max(0.05 * abs(most), 0.5)
      low = axis.startsAtZero && start == 0 ? 0 : max(start - margin, -.greatestFiniteMagnitude)
      high = min(most + margin, .greatestFiniteMagnitude)
    }
  }

  /// 1, 2 and 5 times powers of ten within a range of less than two decades and a half, where a
  /// logarithmic axis would else have few labels; nothing for wider ones.
  var fineTicks: [Chart.Tick] {
    guard low > 0, log10(high) - log10(low) < 2.5 else { return [] }
    let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let places = exponents.flatMap { exponent in [1, 2, 5].map { Double("\($0)e\(exponent)") ?? 0 } }
    return places.filter { $0 >= low && $0 <= high }.map { Chart.Tick($0, String(format: "%g", $0)) }
  }
}
