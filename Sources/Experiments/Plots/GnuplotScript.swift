import Foundation

/// A chart in gnuplot's language: a script, and the data files that it reads from its working
/// folder.
///
/// A value; nothing is run. Texts of a chart are escaped and markup is off, so a name from a file
/// is only ever shown. In an SVG each series is a group, in which each point is one `use` element,
/// and one more is the legend's.
public struct GnuplotScript: Sendable, Hashable {
  /// A file that the script reads, by its name in the working folder.
  public struct DataFile: Sendable, Hashable {
    /// The file's name, without a folder.
    public let name: String
    /// What is in it: a point a line.
    public let text: String
  }

  /// The script, in UTF-8.
  public let text: String
  /// The files that the script reads.
  public let files: [DataFile]
  /// The file that the script writes in its working folder.
  public let output: String

  /// Told apart by people who see fewer colours as well.
  static let colours = [
    "#4477aa", "#cc6677", "#117733", "#ddaa33", "#aa4499", "#88ccee", "#882255", "#999933", "#44aa99",
    "#332288", "#e07b39", "#666666",
  ]
  static let pointTypes = [7, 5, 9, 11, 13, 6, 4, 8, 10, 12]

  /// - Throws: what `Chart.validate` throws.
  public init(_ chart: Chart, format: PlotFormat) throws {
    try chart.validate()
    output = "chart.\(format.rawValue)"
    let points = chart.series.flatMap(\.points)
    let across = AxisRange(points.map(\.x) + chart.horizontal.ticks.map(\.position), of: chart.horizontal)
    let heights = points.flatMap { [$0.low, $0.high] } + chart.levels.map(\.y)
    let up = AxisRange(heights + chart.vertical.ticks.map(\.position), of: chart.vertical)

    var files: [DataFile] = []
    var plots: [String] = []
    // Spreads are drawn first, so that lines and points lie on top of them.
    for (index, series) in chart.series.enumerated() where !series.points.isEmpty {
      let file = DataFile(
        name: "series\(index).dat",
        text: series.points.map { "\($0.x) \($0.y) \($0.low) \($0.high)\n" }.joined())
      files.append(file)
      let colour = "lc rgb '\(Self.colour(series, index))' notitle"
      switch series.spread {
      case .none: break
      case .bars:
        plots.append(
          "'\(file.name)' using 1:3:(0):($4-$3) with vectors heads size screen 0.004,90 lw 1.5 \(colour)")
      case .band:
        plots.append("'\(file.name)' using 1:3:4 with filledcurves fs transparent solid 0.2 noborder \(colour)")
      }
    }
    for (index, level) in chart.levels.enumerated() {
      let file = DataFile(name: "level\(index).dat", text: "\(across.low) \(level.y)\n\(across.high) \(level.y)\n")
      files.append(file)
      plots.append(
        "'\(file.name)' using 1:2 with lines lw 1.5 dt \(index % 4 + 2) lc rgb '#444444' title \(Self.legend(level.name, chart))"
      )
    }
    for (index, series) in chart.series.enumerated() where !series.points.isEmpty {
      let title = series.name.isEmpty ? "notitle" : "title \(Self.legend(series.name, chart))"
      plots.append("'series\(index).dat' \(Self.style(series, index)) \(title)")
    }
    self.files = files

    var lines = ["set encoding utf8", Self.terminal(chart, format), "set output '\(output)'"]
    lines += ["set title \(Self.quoted(chart.title))", "set grid lt 1 lw 0.5 dt 1 lc rgb '#dddddd'", "set border 3"]
    lines += ["set key above samplen 3", "set tics nomirror"]
    lines += Self.axis("x", chart.horizontal, across)
    lines += Self.axis("y", chart.vertical, up)
    lines.append("plot " + plots.joined(separator: ", \\\n  "))
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func terminal(_ chart: Chart, _ format: PlotFormat) -> String {
    let size = "size \(chart.width),\(chart.height) noenhanced background rgb 'white'"
    switch format {
    case .svg: return "set terminal svg \(size) font 'sans,12'"
    case .png: return "set terminal pngcairo \(size) font 'sans,10'"
    }
  }

  private static func axis(_ letter: String, _ axis: Chart.Axis, _ range: AxisRange) -> [String] {
    var lines = ["set \(letter)label \(quoted(axis.title))", "set \(letter)range [\(range.low):\(range.high)]"]
    if axis.isLogarithmic { lines.append("set logscale \(letter)") }
    lines.append("set format \(letter) '%g'")
    let ticks = axis.ticks.isEmpty && axis.isLogarithmic ? range.fineTicks : axis.ticks
    if !ticks.isEmpty {
      let list = ticks.map {
        // gnuplot reads the label of a tick as a format, in which %% stands for a percent sign.
        "\(quoted($0.label.replacingOccurrences(of: "%", with: "%%"))) \($0.position)"
      }.joined(separator: ", ")
      lines.append("set \(letter)tics (\(list))")
    }
    for place in axis.dividers {
      let ends =
        letter == "x"
        ? "from \(place), graph 0 to \(place), graph 1" : "from graph 0, first \(place) to graph 1, first \(place)"
      lines.append("set arrow \(ends) nohead lw 1 dt 1 lc rgb '#999999'")
    }
    return lines
  }

  private static func style(_ series: Chart.Series, _ index: Int) -> String {
    let dash =
      switch series.dash {
      case .solid: ""
      case .dashed: " dt 2"
      case .dotted: " dt 3"
      }
    let colour = "lc rgb '\(colour(series, index))'\(dash)"
    let point = "pt \(pointTypes[index % pointTypes.count]) ps 0.7"
    switch series.mark {
    case .points: return "using 1:2 with points \(point) \(colour)"
    case .lines: return "using 1:2 with lines lw 2 \(colour)"
    case .linesAndPoints: return "using 1:2 with linespoints lw 1.5 \(point) \(colour)"
    }
  }

  private static func colour(_ series: Chart.Series, _ index: Int) -> String {
    colours[(series.colour ?? index) % colours.count]
  }

  /// A name as the legend shows it: gnuplot 5.4 leaves a name out that is wider than the picture,
  /// and all others with it, so the middle of a long one goes.
  private static func legend(_ name: String, _ chart: Chart) -> String {
    // Found by trying pictures of 100 to 900 pixels with the widest letters.
    let room = chart.width / 9 - 3
    if name.count <= room { return quoted(name) }
    let start = (room - 1) / 2
    return quoted("\(name.prefix(start))…\(name.suffix(room - 1 - start))")
  }

  /// Punctuation that means nothing in a double-quoted string.
  private static let plainPunctuation = Set(" .,:;()/%+-=<>".unicodeScalars)

  /// A text as gnuplot's double-quoted string: ASCII that could mean anything there as octal
  /// escapes, and what is no character for an SVG a space.
  ///
  /// Not single-quoted, in which nothing is replaced: gnuplot 5.4 reads two quotes at the start of
  /// such a string as its end. And an escape goes on through all octal digits behind it, so these
  /// are escaped too.
  static func quoted(_ text: String) -> String {
    var shown = "\""
    var isBehindEscape = false
    for scalar in text.unicodeScalars {
      var next = scalar
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: next = " "
      default: break
      }
      let isDigit = ("0"..."9").contains(next)
      let isPlain =
        !next.isASCII || next.properties.isAlphabetic || plainPunctuation.contains(next) || isDigit && !isBehindEscape
      if isPlain {
        shown.unicodeScalars.append(next)
      } else {
        let digits = String(next.value, radix: 8)
        shown += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
      isBehindEscape = !isPlain
    }
    return shown + "\""
  }
}
