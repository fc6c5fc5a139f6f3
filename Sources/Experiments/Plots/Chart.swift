/// A chart as a value: axes, series with or without a spread, and horizontal lines to compare with.
/// It knows no drawing program.
public struct Chart: Sendable, Hashable {
  /// A labelled place on an axis.
  public struct Tick: Sendable, Hashable {
    /// Where on the axis.
    public var position: Double
    /// What is written there.
    public var label: String

    /// A label at `position`.
    public init(_ position: Double, _ label: String) { (self.position, self.label) = (position, label) }
  }

  /// An axis: its title, its scale, and what is marked on it.
  public struct Axis: Sendable, Hashable {
    /// Written beside the axis.
    public var title: String
    /// Whether equal ratios are equal distances; positions must then be above 0.
    public var isLogarithmic: Bool
    /// Whether the axis starts at 0; on a logarithmic axis without a meaning.
    public var startsAtZero: Bool
    /// Where the labels stand; none leaves it to the drawing.
    public var ticks: [Tick]
    /// Where thin lines cross the chart.
    public var dividers: [Double]

    /// An axis with a title, linear unless told otherwise.
    public init(
      _ title: String, isLogarithmic: Bool = false, startsAtZero: Bool = false, ticks: [Tick] = [],
      dividers: [Double] = []
    ) {
      (self.title, self.isLogarithmic, self.startsAtZero) = (title, isLogarithmic, startsAtZero)
      (self.ticks, self.dividers) = (ticks, dividers)
    }
  }

  /// A point, with the ends of its spread.
  public struct Point: Sendable, Hashable {
    /// The horizontal coordinate.
    public var x: Double
    /// The vertical coordinate.
    public var y: Double
    /// The lower end of the spread, at most `y`.
    public var low: Double
    /// The upper end of the spread, at least `y`.
    public var high: Double

    /// - Parameters:
    ///   - x: the horizontal coordinate.
    ///   - y: the vertical coordinate.
    ///   - low: the lower end, by default y.
    ///   - high: the upper end, by default y.
    public init(_ x: Double, _ y: Double, low: Double? = nil, high: Double? = nil) {
      (self.x, self.y, self.low, self.high) = (x, y, low ?? y, high ?? y)
    }
  }

  /// What shows a series' points.
  public enum Mark: Sendable, Hashable, CaseIterable {
    case points, lines, linesAndPoints
  }

  /// How spreads are drawn.
  public enum Spread: Sendable, Hashable, CaseIterable {
    case none
    /// A bar from low to high at each point.
    case bars
    /// A shaded band between the lows and the highs.
    case band
  }

  /// How lines are drawn.
  public enum Dash: Sendable, Hashable, CaseIterable {
    case solid, dashed, dotted
  }

  /// Points that belong together, with how they are drawn.
  public struct Series: Sendable, Hashable {
    /// In the legend; nothing there where it is empty.
    public var name: String
    /// In the order in which lines join them.
    public var points: [Point]
    /// What shows the points.
    public var mark: Mark
    /// How the points' spreads are drawn.
    public var spread: Spread
    /// How the lines are drawn.
    public var dash = Dash.solid
    /// The number of its colour, from 0, where it belongs to another series; by default its own
    /// number in the chart.
    public var colour: Int?

    /// A series of points in the order in which lines join them.
    public init(
      _ name: String, _ points: [Point], mark: Mark = .linesAndPoints, spread: Spread = .none, dash: Dash = .solid,
      colour: Int? = nil
    ) {
      (self.name, self.points, self.mark, self.spread) = (name, points, mark, spread)
      (self.dash, self.colour) = (dash, colour)
    }
  }

  /// A dashed horizontal line over the chart's whole width.
  public struct Level: Sendable, Hashable {
    /// In the legend.
    public var name: String
    /// Its height.
    public var y: Double

    /// A line at height `y`, with its name in the legend.
    public init(_ name: String, _ y: Double) { (self.name, self.y) = (name, y) }
  }

  /// Written above the chart.
  public var title: String
  /// The x axis.
  public var horizontal: Axis
  /// The y axis.
  public var vertical: Axis
  /// What is drawn, first to last.
  public var series: [Series]
  /// Lines to compare with.
  public var levels: [Level]
  /// Pixels.
  public var width = 900
  /// Pixels.
  public var height = 560

  /// A chart of 900 × 560 pixels.
  public init(title: String, horizontal: Axis, vertical: Axis, series: [Series], levels: [Level] = []) {
    (self.title, self.horizontal, self.vertical) = (title, horizontal, vertical)
    (self.series, self.levels) = (series, levels)
  }

  /// Whether the chart can be drawn as it is.
  ///
  /// - Throws: `ExperimentError.outOfRange` for a chart without a point, a number that is not
  ///   finite or, on a logarithmic axis, not above 0, a colour below 0, a spread that does not
  ///   contain its point, and a size outside 100 … 10 000 pixels.
  public func validate() throws {
    guard series.contains(where: { !$0.points.isEmpty }) else {
      throw ExperimentError.outOfRange(quantity: "chart '\(title)'", expected: "at least one point", found: "none")
    }
    for (name, pixels) in [("width", width), ("height", height)] where !(100...10_000).contains(pixels) {
      throw ExperimentError.outOfRange(
        quantity: "chart '\(title)', \(name)", expected: "100 to 10000 pixels", found: "\(pixels)")
    }
    for line in series {
      if let colour = line.colour, colour < 0 {
        throw ExperimentError.outOfRange(
          quantity: "series '\(line.name)', colour", expected: "a number from 0", found: "\(colour)")
      }
      for (index, point) in line.points.enumerated() {
        let place = "series '\(line.name)', point \(index)"
        try Self.require(point.x, on: horizontal, "\(place), x")
        for value in [point.y, point.low, point.high] { try Self.require(value, on: vertical, "\(place), y") }
        guard point.low <= point.y, point.y <= point.high else {
          throw ExperimentError.outOfRange(
            quantity: place, expected: "a spread around \(point.y)", found: "\(point.low) to \(point.high)")
        }
      }
    }
    for level in levels { try Self.require(level.y, on: vertical, "line '\(level.name)'") }
    for axis in [horizontal, vertical] {
      for tick in axis.ticks { try Self.require(tick.position, on: axis, "tick '\(tick.label)'") }
      for divider in axis.dividers { try Self.require(divider, on: axis, "divider of '\(axis.title)'") }
    }
  }

  private static func require(_ value: Double, on axis: Axis, _ quantity: String) throws {
    guard value.isFinite, !axis.isLogarithmic || value > 0 else {
      throw ExperimentError.outOfRange(
        quantity: quantity, expected: axis.isLogarithmic ? "a finite number above 0" : "a finite number",
        found: "\(value)")
    }
  }
}
