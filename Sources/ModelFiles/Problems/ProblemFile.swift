import LinearAlgebra

/// A subset-sum problem as arrays in an .npz file: `candidates` (n, m) and `target` (m), or targets (t, m); float32 or float64.
///
/// With `scales` (n), candidate i is scales[i]·candidates[i, ·], both float32: exact in Float64.
/// The file may also hold what a norm is made of: `factor` (m, m), the Cholesky factor of a metric; `blocks` (m) integers and `weights` (m) of
/// row sums.
public struct ProblemFile: Sendable {
  /// The rows, in the precision they have in the file.
  public enum Rows: Sendable {
    case single(Matrix<Float>)
    case double(Matrix<Double>)
  }
  public let candidates: Rows
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

  /// - Throws: `FileError` for a file that is no archive, lacks an array, or holds one of another type or shape.
  public init(contentsOf path: String) throws(FileError) {
    let archive = try NumPyArchive(path: path)
    let rows = try archive.array("candidates")
    guard rows.shape.count == 2 else {
      throw FileError(
        .wrongType, source: path, expected: "array 'candidates' of shape (n, m)", found: "\(rows.shape)")
    }
    let (n, m) = (rows.shape[0], rows.shape[1])
    do {
      switch rows.elementType {
      case .float32: candidates = .single(try Matrix(rows: n, columns: m, values: try rows.floats()))
      default: candidates = .double(try Matrix(rows: n, columns: m, values: try rows.doubles()))
      }
    } catch let error as FileError { throw error } catch {
      throw FileError(.wrongType, source: path, expected: "array 'candidates' of shape (n, m)", found: "\(error)")
    }
    let target = try archive.array("target")
    let values =
      target.elementType == .float32 ? try target.floats().map(Double.init) : try target.doubles()
    guard (1...2).contains(target.shape.count), target.shape.last == m else {
      throw FileError(
        .wrongType, source: path, expected: "array 'target' of shape (\(m)) or (t, \(m))", found: "\(target.shape)")
    }
    let count = target.shape.count == 1 ? 1 : target.shape[0]
    targets = (0..<count).map { Array(values[$0 * m..<($0 + 1) * m]) }
    func optional(_ name: String, _ shape: [Int]) throws(FileError) -> NumPyArray? {
      guard archive.names.contains(name) else { return nil }
      let array = try archive.array(name)
      guard array.shape == shape else {
        throw FileError(
          .wrongType, source: path, expected: "array '\(name)' of shape \(shape)", found: "\(array.shape)")
      }
      return array
    }
    func doubles(_ array: NumPyArray) throws(FileError) -> [Double] {
      array.elementType == .float32 ? try array.floats().map(Double.init) : try array.doubles()
    }
    scales = try optional("scales", [n])?.floats()
    if scales != nil, rows.elementType != .float32 {
      throw FileError(
        .wrongType, source: path, expected: "array 'candidates' in float32, as there are scales",
        found: "\(rows.elementType)")
    }
    do {
      factor = try optional("factor", [m, m]).map { try Matrix(rows: m, columns: m, values: try doubles($0)) }
      blocks = try optional("blocks", [m])?.integers()
      weights = try optional("weights", [m]).map { try doubles($0) }
    } catch let error as FileError { throw error } catch {
      throw FileError(.wrongType, source: path, expected: "array 'factor' of shape (\(m), \(m))", found: "\(error)")
    }
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

  /// Writes a block of a search: `scales` (n) and `candidates` (n, m) in float32, whose product is exact in float64, `target` (m) in float64, and
  /// `filters` (n), the filter index of each candidate, which solvers need not read.
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
