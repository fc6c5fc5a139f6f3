import RunControl

/// Lists of subset sums merged pairwise on windows of coordinates (the generalised birthday method, Wagner 2002): for m up
/// to about 16 and many more candidates than an exact search can take.
///
/// 2^t disjoint groups of the shortest candidates make 2^t lists of at most N subset sums each. A merge keeps the pairs whose
/// sums nearly cancel in the next few coordinates, about N of them; the last merge takes the pair that is closest in all.
/// The error shrinks about as N^(−(t+1)/m), so that n buys accuracy that no exact search could pay for:
/// t = 1 is meeting in the middle over a part of the candidates. `KListPlan` chooses t, N and the widths.
///
/// With a time limit and no `listBits` lists start short and grow as long as the next ones will fit
/// in; then the candidates are dealt to the groups in other ways, a fixed sequence of them, until
/// the time is up. Only in one dimension, where two lists hold all subsets does it end before, as finished.
///
/// Cost: 2^(t+1)·N·m additions and as many random reads of rows; memory: `bytes(levels:dimension:)` a sum. No BLAS, and the
/// same pairs whatever the workers; values only propose, the checker decides the error reported. Two cores are 1.5 to 2 times as fast as one with lists of
/// 2¹⁷ sums or more; shorter lists stay on one.
public struct KList: MultipleWorkers {
  /// Units of work without a limit of the run's own: 2³².
  public static let defaultWorkLimit: UInt64 = 1 << 32
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  static let bitsRange = 4...24
  /// log₂ of the first lists where there is a time limit.
  private static let firstBits = 12

  public let name = "k-list"
  public var takesFixedSize: Bool { false }
  /// log₂ N at most, or nil for what work and memory allow.
  public var listBits: Int?
  /// Cores that it runs on. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  public init(listBits: Int? = nil, workers: Int = 1) {
    self.listBits = listBits
    self.workers = workers
  }

  /// - Throws: `SubsetSumError.invalidOption`, or `.memoryLimit` where not even the shortest lists fit.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    if let listBits, !Self.bitsRange.contains(listBits) {
      throw SubsetSumError.invalidOption(
        solver: name, option: "listBits", expected: "\(Self.bitsRange)", found: "\(listBits)")
    }
    try require(problem.shape, control.limits)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    let claim = try search(problem, control)
    return try solution(claim, for: problem, control)
  }

  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try require(shape, Limits()) }

  private func require(_ shape: ProblemShape, _ limits: Limits) throws(SubsetSumError) {
    try requireKind(shape)
    try requireBytes(
      Self.bytes(levels: 1, dimension: max(1, shape.dimension)) << Self.bitsRange.lowerBound,
      atMost: limits.allowedBytes(default: Self.defaultMemoryLimit))
  }

  private func search(_ problem: Problem, _ control: RunControl) throws -> Claim {
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let longest = try longestLists(problem, control)
    var best: (subset: [Int], error: Double)?
    do {
      let plain = try problem.plainForm(control)
      if control.secondsLeft == nil || listBits != nil {
        let search = try KListSearch(plain, longest: longest, workers: max(1, workers), &meter)
        if let subset = try search?.run(&meter) { best = (subset, 0) }
      } else {
        try growLists(problem, plain, longest, &best, &meter)
      }
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    return meter.claim(best?.subset ?? [], isOptimal: false, by: name)
  }

  /// Searches one after another until the time is up: lists that grow as long as the next ones fit
  /// in, then other dealings of the candidates, with lists that the time left is enough for.
  private func growLists(
    _ problem: Problem, _ plain: Problem, _ longest: [Int], _ best: inout (subset: [Int], error: Double)?,
    _ meter: inout WorkMeter
  ) throws {
    let order = try plain.candidates.ascendingOrder(meter.control) { $0 > 0 }
    let most = longest.max()!
    var (bits, dealing) = (min(Self.firstBits, most), 0)
    while meter.stop == nil, let before = meter.control.secondsLeft {
      let lists = longest.map { min($0, bits) }
      guard
        let search = try KListSearch(
          plain, order: order, longest: lists, dealing: dealing, workers: max(1, workers), &meter)
      else { return }
      if let subset = try search.run(&meter) {
        let error = try Checker.solution(Claim(subset: subset), for: problem).error
        if error < best?.error ?? .infinity { best = (subset, error) }
      }
      if best?.error == 0 || search.hasSeenAll { return }
      let left = meter.control.secondsLeft ?? 0
      let seconds = before - left
      // Longer lists cost in proportion, and miss the caches more.
      var step = min(2, most - bits)
      while step > 0, 1.4 * seconds * Double(1 << step) > left { step -= 1 }
      bits += step
      if step == 0 {
        dealing += 1
        var expected = 1.1 * seconds
        while expected > left, bits > Self.bitsRange.lowerBound {
          bits -= 1
          expected /= 2
        }
      }
    }
  }

  /// log₂ of the longest lists that limits allow, by levels.
  func longestLists(_ problem: Problem, _ control: RunControl) throws(SubsetSumError) -> [Int] {
    try require(problem.shape, control.limits)
    let m = max(1, problem.dimension)
    let memory = control.limits.allowedBytes(default: Self.defaultMemoryLimit)
    let work = control.limits.work(orDefault: Self.defaultWorkLimit)
    func log2(_ value: Int) -> Int { Int.bitWidth - 1 - max(1, value).leadingZeroBitCount }
    return (0...KListPlan.levelsRange.upperBound).map { levels in
      let byMemory = log2(memory / Self.bytes(levels: levels, dimension: m))
      let byWork = log2(Int(clamping: work / UInt64(((1 << levels) * 2 + 8) * m)))
      return min(listBits ?? Self.bitsRange.upperBound, byMemory, byWork)
    }
  }

  /// Bytes for each sum of a list: `levels` + 1 lists of rows, keys and index of a merge, and where every list's sums came from.
  static func bytes(levels: Int, dimension m: Int) -> Int { (levels + 1) * 8 * m + 48 + 8 << levels }
}
