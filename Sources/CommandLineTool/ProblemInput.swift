import ArgumentParser
import LinearAlgebra
import ModelFiles
import Outcomes
import SubsetSum

/// The error that a solve is held to.
struct ReachOptions: ParsableArguments {
  @Option(number: ArgumentHelp("The error that counts as reached.", valueName: "E")) var epsilon: Double?

  /// ε, or nil when none was asked for.
  func checked() throws -> Double? {
    if let epsilon, !(epsilon >= 0 && epsilon.isFinite) {
      throw OptionError(option: "--epsilon", expected: "an error ≥ 0", found: "\(epsilon)")
    }
    return epsilon
  }
}

/// Where a command's problems come from: a file, or the options that generate some. Exactly one of
/// both.
enum ProblemOrigin<Generated> {
  case file(path: String)
  case generated(Generated)

  /// - Parameters:
  ///   - options: the names of those that generate, for errors.
  ///   - isAnyGiven: whether any of them was given.
  ///   - generated: what they say, nil unless all were given.
  init(path: String?, options: String, isAnyGiven: Bool, generated: Generated?) throws {
    if let path {
      guard !isAnyGiven else {
        throw OptionError(option: "PROBLEM.npz", expected: "either a file or \(options)", found: "both")
      }
      self = .file(path: path)
    } else {
      guard let generated else {
        throw OptionError(option: "PROBLEM.npz", expected: "a file, or \(options)", found: "not all of them")
      }
      self = .generated(generated)
    }
  }
}

extension Candidates {
  /// The rows of a file, times their scales where it has some.
  init(_ file: ProblemFile) throws {
    switch (file.candidates, file.scales) {
    case (.single(let rows), let scales?): try self.init(scales: scales, vectors: rows)
    case (.single(let rows), nil): self.init(rows)
    case (.double(let rows), _): self.init(rows)
    }
  }

  /// The candidates of each target of a file in which it has some of its own.
  static func sets(_ file: ProblemFile) throws -> [Candidates] {
    func part<Element>(_ matrix: Matrix<Element>, _ rows: Range<Int>) throws -> Matrix<Element> {
      let columns = matrix.columns
      return try Matrix(
        rows: rows.count, columns: columns,
        values: Array(matrix.values[rows.lowerBound * columns..<rows.upperBound * columns]))
    }
    return try file.targets.indices.map { index in
      func rows(of count: Int) -> Range<Int> {
        let each = count / file.targets.count
        return index * each..<(index + 1) * each
      }
      switch (file.candidates, file.scales) {
      case (.single(let matrix), let scales?):
        let rows = rows(of: matrix.rows)
        return try Candidates(scales: Array(scales[rows]), vectors: try part(matrix, rows))
      case (.single(let matrix), nil): return Candidates(try part(matrix, rows(of: matrix.rows)))
      case (.double(let matrix), _): return Candidates(try part(matrix, rows(of: matrix.rows)))
      }
    }
  }
}
