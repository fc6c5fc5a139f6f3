import RunControl

/// Lists of subset sums merged pairwise on windows of coordinates (the generalised birthday method,
/// Wagner 2002): for few coordinates, up to about 10, and many more candidates than an exact search
/// can take.
///
/// 2^t disjoint groups of the shortest candidates make 2^t lists of at most N subset sums each. A
/// merge keeps the pairs whose sums nearly cancel in the next few coordinates, about N of them; the
/// last merge takes the pair that is closest in all. The error shrinks about as N^(−(t+1)/m), so
/// that many candidates buy an accuracy that no exact search could pay for: t = 1 is a meeting in
/// the middle over a part of the candidates. `KListPlan` chooses t, N and the widths, `KListSearch`
/// makes and merges the lists.
///
/// With a time limit and no `listBits` lists start short and grow as long as the next ones fit in.
/// Then the candidates are dealt to the groups in other ways, in a fixed sequence, until the time
/// is up. It ends before only in one dimension, once two lists hold all subsets.
///
/// It uses no BLAS and meets the same pairs whatever the workers. Values only propose; the checker
/// decides the error that is reported. Two cores are 1.5 to 2 times as fast as one with lists of
/// 2¹⁷ sums or more; shorter lists stay on one.
///
/// Complexity: 2^(t+1)·N·m additions and as many random reads of rows; `bytes(levels:dimension:)`
/// of memory for each of N sums.
public struct KList: MultipleWorkers {
  /// The work limit of a run that states none: 2³².
  static let defaultWorkLimit: UInt64 = 1 << 32
  /// The memory limit of a run that states none: 2 GiB.
  static let defaultMemoryLimit = 1 << 31
  static let bitsRange = 4...24
  /// The binary logarithm of the first lists' length where there is a time limit.
  private static let firstBits = 12

  /// The name that reports and the command line use.
  public let name = "k-list"
  /// Subsets of any size only.
  public var takesFixedSize: Bool { false }
  /// The binary logarithm of the longest lists; nil for what work and memory allow.
  public var listBits: Int?
  /// The number of cores. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  /// A search with lists of at most 2^`listBits` sums, or as long ones as limits allow.
  public init(listBits: Int? = nil, workers: Int = 1) {
    self.listBits = listBits
    self.workers = workers
  }

  /// Merges lists, and returns the empty set where no pair is met.
  ///
  /// - Throws: `SubsetSumError.invalidOption`; `.memoryLimit` where not even the shortest lists
  ///   fit; `.unsupported` for a fixed size or a size penalty.
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

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
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

  /// Searches one after another until the time is up: with lists that grow as long as the next ones
  /// fit in, then with other dealings of the candidates, and lists for which the time left is
  /// enough.
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
      // Longer lists cost in proportion to their length, and miss the caches more often.
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

  /// The binary logarithm of the longest lists that limits allow, by levels.
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

  /// Bytes for each sum of a list: `levels` + 1 lists of rows, keys and index of a merge, and where
  /// every list's sums came from.
  static func bytes(levels: Int, dimension m: Int) -> Int { (levels + 1) * 8 * m + 48 + 8 << levels }
}
