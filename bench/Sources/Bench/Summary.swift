import Foundation

/// The report on one screen: medians of groups of rows, and the searches.
struct Summary: Encodable {
  struct Line: Encodable {
    let what: String
    /// Rows behind the line; nil for a search.
    var rows: Int?
    let gflops: Double?
    let percentOfPeak: Double?
    var percentOfBareGEMM: Double?
    /// Beside the figures.
    var note: String?
  }
  let lines: [Line]

  /// - Parameter peak: GFLOP/s of one core.
  init(of rows: [Row], searches: RecordedSearches?, peak: Double) {
    var lines: [Line] = []
    func add(_ what: String, _ isMember: (Row) -> Bool) {
      let members = rows.filter { $0.unit == "GFLOP/s" && isMember($0) }
      guard !members.isEmpty else { return }
      func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : Row.Quartiles(of: values).median
      }
      lines.append(
        Line(
          what: what, rows: members.count, gflops: median(members.map(\.median)),
          percentOfPeak: median(members.compactMap(\.percentOfPeak)),
          percentOfBareGEMM: median(members.compactMap { $0.percentOfBareGEMM?.median })))
    }
    for threads in Set(rows.map(\.threads)).sorted() {
      let on = threads == 1 ? "" : ", \(threads) threads"
      for type in ["Float", "Double"] {
        add("products from 256³, \(type)\(on)") {
          $0.operation == "gemm square" && $0.isLarge && $0.type == type && $0.threads == threads
        }
      }
      if threads == 1 {
        add("GEMM as searches ask for it, recorded") {
          $0.operation.hasPrefix("recorded") && $0.operation.hasSuffix("gemm")
        }
        add("GEMV as searches ask for it, recorded") {
          $0.operation.hasPrefix("recorded") && $0.operation.hasSuffix("gemv")
        }
      }
      for (name, group) in [
        ("ResNet-50 and VGG-16", ["resnet-50", "vgg-16"]), ("layers behind kept filters", ["demo kept"]),
      ] {
        for (way, prefix) in [("our kernels", "conv "), ("im2col and OpenBLAS", "conv im2col ")] {
          add("\(name), \(way)\(on)") { row in
            row.threads == threads && group.contains { row.operation == prefix + $0 }
          }
        }
      }
      add("factorisations of order 512, Double\(on)") {
        $0.operation.hasPrefix("lapack") && $0.shape.hasPrefix("512") && $0.type == "Double" && $0.threads == threads
      }
    }
    for search in searches?.runs ?? [] {
      lines.append(
        Line(
          what: search.name, gflops: search.scoredGflops, percentOfPeak: 100 * search.scoredGflops / peak,
          note: String(
            format: "%.3g flips a second; %.1f %% of its time in BLAS, %.1f %% in GEMM", search.flipsPerSecond,
            100 * search.blasShare, 100 * search.gemmShare)))
    }
    self.lines = lines
  }

  var text: String {
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
    func line(_ cells: [String], _ note: String = "") -> String {
      let widths = [60, 6, 10, 9, 15]
      let text = zip(cells, widths).enumerated().map { index, pair in
        let padding = String(repeating: " ", count: max(1, pair.1 - pair.0.count))
        return index == 0 ? pair.0 + padding : padding + pair.0
      }.joined()
      return note.isEmpty ? text : text + "  " + note
    }
    return
      ([line(["medians of", "rows", "GFLOP/s", "% peak", "% of bare GEMM"])]
      + lines.map {
        line(
          [
            $0.what, $0.rows.map(String.init) ?? "", number($0.gflops, 1), number($0.percentOfPeak, 1),
            number($0.percentOfBareGEMM, 0),
          ], $0.note ?? "")
      }).joined(separator: "\n")
  }
}

extension Row {
  /// Whether the row is of a square product from 256³.
  fileprivate var isLarge: Bool { (Int(shape.prefix { $0.isNumber }) ?? 0) >= 256 }
}
