/// A subset under exchange: which of the shortest candidates are chosen, and what is left of the
/// target.
///
/// Candidates beyond the window stay chosen or not, as in the start.
final class ExchangeState {
  let rows: ShortCandidates
  let measure: ExchangeMeasure
  /// The number of candidates that may be flipped, the first of `rows`.
  let window: Int
  /// How many candidates must be chosen; nil for any number.
  let size: Int?
  /// Whether the candidate at a position is chosen.
  let chosen: UnsafeMutablePointer<Bool>
  /// The chosen positions in any order, `chosenCount` of them. They are kept up to date only where
  /// the size is fixed.
  let members: UnsafeMutablePointer<Int>
  private(set) var chosenCount = 0
  /// ‖x‖₂² by position.
  let squares: UnsafeMutablePointer<Double>
  /// What is left of the target, in the coordinates of the rows.
  let residual: UnsafeMutablePointer<Double>
  /// The figure of `residual`.
  private(set) var figure = 0.0
  private(set) var bestFigure = Double.infinity
  private let bestChosen: UnsafeMutablePointer<Bool>
  private let places: UnsafeMutablePointer<Int>
  private let base: UnsafeMutablePointer<Double>
  private let sums: CompensatedVector
  private let outside: [Int]

  /// Bytes for each candidate of the window, beside its row.
  static let bytesEach = 2 + 3 * 8

  /// - Precondition: `rows` has as many rows as the window.
  /// - Parameter start: the subset to begin from, ascending.
  init(_ problem: Problem, _ rows: ShortCandidates, window: Int, start: [Int]) throws {
    self.rows = rows
    self.window = window
    size = problem.size
    measure = ExchangeMeasure(problem.norm, dimension: rows.dimension, stride: rows.stride)
    chosen = .allocate(capacity: max(1, window))
    bestChosen = .allocate(capacity: max(1, window))
    members = .allocate(capacity: max(1, window))
    places = .allocate(capacity: max(1, window))
    squares = .allocate(capacity: max(1, window))
    residual = .allocate(capacity: max(8, rows.stride))
    base = .allocate(capacity: max(8, rows.stride))
    sums = CompensatedVector(count: rows.stride)
    chosen.initialize(repeating: false, count: max(1, window))
    bestChosen.initialize(repeating: false, count: max(1, window))
    places.initialize(repeating: 0, count: max(1, window))
    let isChosen = Set(start)
    var inside = Set<Int>()
    for position in 0..<window {
      squares[position] = fixedOrderDot(rows[position], rows[position], rows.stride)
      if isChosen.contains(rows.order[position]) {
        chosen[position] = true
        inside.insert(rows.order[position])
      }
    }
    outside = start.filter { !inside.contains($0) }
    rows.transform(try Checker.residual(of: outside, in: problem), to: base)
    listMembers()
    refresh()
    keepBest()
  }

  deinit {
    for bytes in [chosen, bestChosen] { bytes.deallocate() }
    for list in [members, places] { list.deallocate() }
    for values in [squares, residual, base] { values.deallocate() }
  }

  private func listMembers() {
    chosenCount = 0
    for i in 0..<window where chosen[i] {
      (members[chosenCount], places[i]) = (i, chosenCount)
      chosenCount += 1
    }
  }

  /// −1 where a flip adds the candidate, so that its vector is taken from the residual; 1 where a
  /// flip removes it.
  @inline(__always) func sign(_ i: Int) -> Double { chosen[i] ? 1 : -1 }

  /// Flips a candidate with plain additions. `refresh` removes the rounding that they leave.
  @inline(__always) func flip(_ i: Int) {
    let (sign, x) = (sign(i), rows[i])
    for j in 0..<rows.stride { residual[j] += sign * x[j] }
    chosen[i].toggle()
  }

  /// Removes i and adds j.
  @inline(__always) func swap(_ i: Int, _ j: Int) {
    flip(i)
    flip(j)
    let place = places[i]
    (members[place], places[j]) = (j, place)
  }

  @discardableResult func measureFigure() -> Double {
    figure = measure.figure(residual, 0, residual)
    return figure
  }

  /// Computes the residual and its figure anew, with compensation. Cost: chosen·m.
  func refresh() {
    sums.reset(to: base)
    for i in 0..<window where chosen[i] { sums.add(rows[i], sign: -1) }
    sums.round(to: residual)
    measureFigure()
  }

  /// Remembers the present subset if its figure is the lowest.
  ///
  /// - Parameter touched: only so many of the first positions can differ from the best subset; nil
  ///   for all.
  @inline(__always) func keepBest(touched: Int? = nil) {
    if figure < bestFigure {
      bestFigure = figure
      bestChosen.update(from: chosen, count: touched ?? window)
    }
  }

  /// Takes over another state's best subset, of the same problem and window.
  func takeBest(of other: ExchangeState) {
    bestChosen.update(from: other.bestChosen, count: window)
    bestFigure = other.bestFigure
  }

  /// Goes back to the best subset met, and computes its figure anew. Cost: chosen·m.
  func returnToBest() {
    chosen.update(from: bestChosen, count: window)
    listMembers()
    refresh()
    bestFigure = figure
  }

  /// The best subset's error, in the problem's units.
  var bestError: Double { (measure.kind == .euclidean ? bestFigure.squareRoot() : bestFigure) / rows.scaling }

  /// The root mean square of the residual's coordinates.
  var scale: Double {
    (fixedOrderDot(residual, residual, rows.stride) / Double(max(1, rows.dimension))).squareRoot()
  }

  /// The best subset met, as indices of the problem, ascending.
  func bestSubset() -> [Int] {
    (outside + (0..<window).filter { bestChosen[$0] }.map { rows.order[$0] }).sorted()
  }
}
