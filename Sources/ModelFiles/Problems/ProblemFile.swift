import Files
import LinearAlgebra

/// A subset-sum problem as arrays in an .npz file: `candidates` (n, m) and `target` (m), or targets
/// (t, m); float32 or float64.
///
/// Where the reader allows it, `candidates` (t, n, m) are a set of its own for each of the targets
/// (t, m).
///
/// With `scales` (n), candidate i is scales[i]·candidates[i, ·], both float32: exact in Float64.
/// The file may also hold what a norm is made of: `factor` (m, m), the Cholesky factor of a metric;
/// `blocks` (m) integers and `weights` (m) of row sums.
public struct ProblemFile: Sendable {
  /// The rows, in the precision they have in the file.
  public enum Rows: Sendable {
    case single(Matrix<Float>)
    case double(Matrix<Double>)
  }
  /// The candidates, or the vectors that scales multiply; where each target has a set of its own,
  /// those of one target after another.
  public let candidates: Rows
  /// Whether each target has candidates of its own.
  public let hasOwnSets: Bool
  /// One or several, each with m entries.
  public let targets: [[Double]]
  /// A factor for each row.
  public let scales: [Float]?
  /// L of a metric W = L·Lᵀ, m × m.
  public let factor: Matrix<Double>?
  /// The block of each coordinate.
  public let blocks: [Int]?
  /// The weight of each coordinate.
  public let weights: [Double]?

  /// More targets than are solved in a lifetime; each is an array of its own.
  private static let greatestTargetCount = 1 << 20

  /// Shapes are checked before any elements are read, and elements are held once.
  ///
  /// - Parameter allowsSets: whether each target may have candidates of its own.
  /// - Throws: `FileError` for a file that is no archive, lacks an array, or holds one of another
  ///   type or shape.
  public init(contentsOf path: String, allowsSets: Bool = false) throws(FileError) {
    let archive = try NumPyArchiveFile(path: path)
    func wrong(_ name: String, _ expected: String, _ found: String) -> FileError {
      FileError(.wrongType, source: path, at: [.entry(name)], expected: expected, found: found)
    }
    func doubles(_ name: String) throws(FileError) -> [Double] {
      try archive.entry(name).elementType == .float32
        ? try archive.floats(name).map(Double.init) : try archive.doubles(name)
    }
    /// The matrix of an array whose shape has been checked.
    func matrix<Element>(
      _ name: String, _ rows: Int, _ columns: Int, _ values: [Element]
    ) throws(FileError) -> Matrix<Element> {
      do { return try Matrix(rows: rows, columns: columns, values: values) } catch {
        throw wrong(name, "a matrix of \(rows) × \(columns)", "\(error)")
      }
    }
    let rows = try archive.entry("candidates")
    hasOwnSets = allowsSets && rows.shape.count == 3
    guard rows.shape.count == (hasOwnSets ? 3 : 2), let m = rows.shape.last, m > 0 else {
      throw wrong(
        "candidates", "shape (n, m)" + (allowsSets ? " or (t, n, m)" : "") + " with m above 0",
        CheckedSizes.text(rows.shape))
    }
    guard let n = CheckedSizes.elementCount(Array(rows.shape.dropLast())) else {
      throw wrong("candidates", "fewer candidates", CheckedSizes.text(rows.shape))
    }
    let target = try archive.entry("target")
    guard (1...2).contains(target.shape.count), target.shape.last == m else {
      throw wrong("target", "shape (\(m)) or (t, \(m))", CheckedSizes.text(target.shape))
    }
    let count = target.shape.count == 1 ? 1 : target.shape[0]
    if hasOwnSets, target.shape != [rows.shape[0], m] {
      throw wrong("target", "shape (\(rows.shape[0]), \(m))", CheckedSizes.text(target.shape))
    }
    guard count <= Self.greatestTargetCount else {
      throw wrong("target", "at most \(Self.greatestTargetCount) targets", "\(count)")
    }
    func has(_ name: String, _ shape: [Int]) throws(FileError) -> Bool {
      guard archive.names.contains(name) else { return false }
      let found = try archive.entry(name).shape
      guard found == shape else {
        throw wrong(name, "shape \(CheckedSizes.text(shape))", CheckedSizes.text(found))
      }
      return true
    }
    let hasScales = try has("scales", Array(rows.shape.dropLast()))
    let hasFactor = try has("factor", [m, m])
    let hasBlocks = try has("blocks", [m])
    let hasWeights = try has("weights", [m])
    if hasScales, rows.elementType != .float32 {
      throw wrong("candidates", "float32, as there are scales", "\(rows.elementType)")
    }
    candidates =
      rows.elementType == .float32
      ? .single(try matrix("candidates", n, m, try archive.floats("candidates")))
      : .double(try matrix("candidates", n, m, try archive.doubles("candidates")))
    let values = try doubles("target")
    targets = (0..<count).map { Array(values[$0 * m..<($0 + 1) * m]) }
    scales = hasScales ? try archive.floats("scales") : nil
    factor = hasFactor ? try matrix("factor", m, m, try doubles("factor")) : nil
    blocks = hasBlocks ? try archive.array("blocks").integers() : nil
    weights = hasWeights ? try doubles("weights") : nil
  }

  /// Writes `candidates` (n, m) and `target`, (m) for one target and (t, m) for more, in float64.
  ///
  /// - Throws: `FileError` for an output that exists without `force`, or cannot be written.
  public static func write(
    candidates: [Double], count: Int, dimension: Int, targets: [Double], to path: String, force: Bool
  ) throws(FileError) {
    let several = dimension > 0 ? targets.count / dimension : 1
    let archive = try NumPyArchive(entries: [
      NumPyArchive.Entry(name: "candidates", array: NumPyArray(shape: [count, dimension], doubles: candidates)),
      NumPyArchive.Entry(
        name: "target",
        array: NumPyArray(shape: several == 1 ? [dimension] : [several, dimension], doubles: targets)),
    ])
    try AtomicFile.write(try archive.serialized(), to: path, force: force)
  }

  /// Writes a block of a search: `scales` (n) and `candidates` (n, m) in float32, whose product is
  /// exact in float64, `target` (m) in float64, and `filters` (n), the filter index of each
  /// candidate, which solvers need not read.
  ///
  /// - Throws: `FileError` for an output that exists without `force`, or cannot be written.
  public static func write(
    scales: [Float], vectors: Matrix<Float>, target: [Double], filters: [UInt32], to path: String, force: Bool
  ) throws(FileError) {
    let archive = try NumPyArchive(entries: [
      NumPyArchive.Entry(
        name: "candidates", array: NumPyArray(shape: [vectors.rows, vectors.columns], floats: vectors.values)),
      NumPyArchive.Entry(name: "scales", array: NumPyArray(shape: [scales.count], floats: scales)),
      NumPyArchive.Entry(name: "target", array: NumPyArray(shape: [target.count], doubles: target)),
      NumPyArchive.Entry(name: "filters", array: NumPyArray(shape: [filters.count], int64s: filters.map { Int64($0) })),
    ])
    try AtomicFile.write(try archive.serialized(), to: path, force: force)
  }
}
