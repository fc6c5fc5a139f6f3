import LinearAlgebra
import RunControl

public struct GreedyFlips: Solver {
  public static let defaultWorkLimit: UInt64 = 1 << 42
  static let batch = 32
  public let name = "greedy"
  public var exchangeColumns: Int
  public var exchangesAdditions: Bool
  public var tileRows: Int?
  public var kicks = 0, kickSize = 2, kickAdds = false, kickReach = 1e9

  public init(exchangeColumns: Int = 256, exchangesAdditions: Bool = true, tileRows: Int? = nil) {
    self.exchangeColumns = exchangeColumns
    self.exchangesAdditions = exchangesAdditions
    self.tileRows = tileRows
  }

  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    if problem.count == 0 || problem.dimension == 0 {
      return try Checker.solution(meter.claim([], isOptimal: true, by: name), for: problem)
    }
    let subset = try problem.candidates.withRows { rows in
      if let singles = rows.singles {
        return try descend(FlipDescent(rows, vectors: singles, target: problem.target, options: self), &meter)
      }
      return try descend(FlipDescent(rows, vectors: rows.doubles!, target: problem.target, options: self), &meter)
    }
    return try Checker.solution(meter.claim(subset, isOptimal: false, by: name), for: problem)
  }

  private func descend<Scalar: BLASScalar>(
    _ descent: FlipDescent<Scalar>, _ meter: inout WorkMeter
  ) throws -> [Int] {
    try descent.run(&meter)
    return descent.state.subset()
  }
}
