import Foundation

/// What codes of vectors lose at a number of bits: medians over seeds, published quantisers of the
/// same kind, and Shannon's bound, for tables and a chart.
public struct RateDistortion: Sendable {
  /// A file that was measured.
  public struct Sample: Sendable, Hashable {
    /// Bits of the file for each entry.
    public let bits: Double
    /// Squared errors as a part of the squares of what was coded.
    public let error: Double

    /// What a file took and lost.
    public init(bits: Double, error: Double) { (self.bits, self.error) = (bits, error) }
  }

  /// Files of one kind of vectors, within as many bits, of several seeds.
  public struct Cell: Sendable, Hashable {
    /// What was coded, as "gaussian".
    public let source: String
    /// Entries of a vector.
    public let dimension: Int
    /// Bits an entry that files were allowed.
    public let asked: Double
    /// One a seed, one or more.
    public let samples: [Sample]

    /// Files of one kind.
    ///
    /// - Throws: `ExperimentError.outOfRange` for no samples, and for numbers that no file has.
    public init(source: String, dimension: Int, asked: Double, samples: [Sample]) throws(ExperimentError) {
      guard !samples.isEmpty, samples.allSatisfy({ $0.bits > 0 && $0.error >= 0 && $0.error.isFinite }) else {
        throw .outOfRange(
          quantity: "samples of \(source)", expected: "one or more, of finite numbers", found: "\(samples)")
      }
      (self.source, self.dimension, self.asked, self.samples) = (source, dimension, asked, samples)
    }

    /// Of all samples.
    public var bits: Double { Self.median(samples.map(\.bits)) }
    /// Of all samples.
    public var error: Double { Self.median(samples.map(\.error)) }
    /// Least and most of all samples.
    public var errors: ClosedRange<Double> {
      let sorted = samples.map(\.error).sorted()
      return sorted[0]...sorted[sorted.count - 1]
    }
    /// How many times the least error of Gaussian entries at these bits, 2^(−2R), in decibels.
    public var decibels: Double { 10 * log10(error / RateDistortion.shannon(bits)) }

    private static func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }

  /// A quantiser of Gaussian numbers that others published.
  public struct Published: Sendable, Hashable {
    /// What it is, with who reported the figure.
    public let name: String
    /// Bits a number.
    public let bits: Double
    /// Mean squared error for numbers of variance 1.
    public let error: Double
  }

  /// Lloyd and Max's scalar quantisers of 4, 8 and 16 levels (J. Max, "Quantizing for minimum
  /// distortion", IRE Transactions on Information Theory, 1960); the E8P codebook of QuIP#
  /// (Tseng et al., arXiv 2402.04396) and the trellis codes of QTIP (Tseng et al., arXiv
  /// 2406.11235), both as QTIP's paper compares them.
  public static let published = [
    Published(name: "Lloyd–Max (Max 1960)", bits: 2, error: 0.1175),
    Published(name: "Lloyd–Max (Max 1960)", bits: 3, error: 0.0345),
    Published(name: "Lloyd–Max (Max 1960)", bits: 4, error: 0.0095),
    Published(name: "E8P, QuIP# (Tseng et al. 2024)", bits: 2, error: 0.089),
    Published(name: "trellis, QTIP (Tseng et al. 2024)", bits: 2, error: 0.069),
  ]

  /// The least mean squared error of Gaussian numbers of variance 1 at a number of bits: 2^(−2R).
  public static func shannon(_ bits: Double) -> Double { exp2(-2 * bits) }

  /// What was measured.
  public let cells: [Cell]

  /// Measured cells.
  public init(_ cells: [Cell]) { self.cells = cells }

  /// Errors against bits, a line for each kind of vectors, with the range over seeds.
  ///
  /// - Complexity: O(cells · log cells).
  public func chart() -> Chart {
    var series: [Chart.Series] = []
    var seen: [(source: String, dimension: Int)] = []
    for cell in cells where !seen.contains(where: { $0 == (cell.source, cell.dimension) }) {
      seen.append((cell.source, cell.dimension))
    }
    for (source, dimension) in seen {
      let points = cells.filter { ($0.source, $0.dimension) == (source, dimension) }.map {
        Chart.Point($0.bits, $0.error, low: $0.errors.lowerBound, high: $0.errors.upperBound)
      }
      series.append(
        Chart.Series("\(source), m = \(dimension)", points.sorted { $0.x < $1.x }, spread: .bars))
    }
    var names: [String] = []
    for point in Self.published where !names.contains(point.name) { names.append(point.name) }
    for name in names {
      let points = Self.published.filter { $0.name == name }.map { Chart.Point($0.bits, $0.error) }
      series.append(Chart.Series(name, points, mark: points.count > 1 ? .linesAndPoints : .points, dash: .dotted))
    }
    let bits = cells.map(\.bits) + Self.published.map(\.bits)
    let (least, most) = (bits.min() ?? 1, bits.max() ?? 4)
    series.append(
      Chart.Series(
        "Shannon's bound for Gaussian numbers, 2^(−2R)",
        [Chart.Point(least, Self.shannon(least)), Chart.Point(most, Self.shannon(most))], mark: .lines, dash: .dashed))
    var chart = Chart(
      title: "Squared error against bits: medians and ranges over seeds", horizontal: Chart.Axis("bits an entry R"),
      vertical: Chart.Axis("squared error ÷ variance", isLogarithmic: true), series: series)
    chart.height += 16 * max(0, series.count - 6)
    return chart
  }
}
