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
/// With a time limit and no `listBits` lists start short and grow to what the time is enough for.
/// Then the candidates are dealt to the groups in other ways, in a fixed sequence, until the time
/// is up. It ends before only in one dimension, once two lists hold all subsets.
///
/// It uses no BLAS and meets the same pairs whatever the workers. Values only propose; the checker
/// decides the error that is reported. Two cores are 1.2 to 1.9 times as fast as one with lists of
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
      let setup = UInt64(plain.count * plain.dimension)
      guard meter.allows(setup) else { return meter.claim([], isOptimal: false, by: name) }
      meter.count(work: setup, evaluations: 0)
      let order = try plain.candidates.ascendingOrder(control) { $0 > 0 }
      let memory = LargeMemory(bytes: control.limits.allowedBytes(default: Self.defaultMemoryLimit))
      if control.secondsLeft == nil || listBits != nil {
        let dealing = try KListDealing(plain, order: order, longest: longest, number: 0, control)
        if let dealing, let subset = try lists(dealing, memory, &meter) { best = (subset, 0) }
      } else {
        try growLists(problem, plain, order, longest, memory, &best, &meter)
      }
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    return meter.claim(best?.subset ?? [], isOptimal: false, by: name)
  }

  /// Makes and merges the lists of a dealing.
  private func lists(
    _ dealing: KListDealing, _ memory: LargeMemory, _ meter: inout WorkMeter,
    goesOn: (_ part: Double) throws -> Void = { _ in }
  ) throws -> [Int]? {
    let workers = max(1, workers)
    return dealing.isCoarse
      ? try KListSearch<Float>(dealing, workers: workers, memory: memory).run(&meter, goesOn: goesOn)
      : try KListSearch<Double>(dealing, workers: workers, memory: memory).run(&meter, goesOn: goesOn)
  }

  /// Searches one after another until the time is up: with lists that grow as long as the next ones
  /// fit in, then with other dealings of the candidates, and lists for which the time left is
  /// enough.
  private func growLists(
    _ problem: Problem, _ plain: Problem, _ order: [Int], _ longest: [Double], _ memory: LargeMemory,
    _ best: inout (subset: [Int], error: Double)?, _ meter: inout WorkMeter
  ) throws {
    let control = meter.control
    var growth = KListGrowth(most: longest.max()!)
    while meter.stop == nil, let before = control.secondsLeft {
      let lists = longest.map { min($0, growth.bits) }
      guard let dealing = try KListDealing(plain, order: order, longest: lists, number: growth.dealing, control)
      else { return }
      let load = growth.load(sums: dealing.plan.sums, left: before)
      if load > 1.05, growth.bits > Double(Self.bitsRange.lowerBound) {
        growth.shorten(by: load)
        continue
      }
      do {
        let subset = try self.lists(dealing, memory, &meter) { part in
          guard let left = control.secondsLeft else { return }
          try TooLong.check(part: part, seconds: before - left, left: left)
        }
        if let subset {
          let error = try Checker.solution(Claim(subset: subset), for: problem).error
          if error < best?.error ?? .infinity { best = (subset, error) }
        }
        if best?.error == 0 || dealing.hasSeenAll { return }
        let left = control.secondsLeft ?? 0
        growth.follow(sums: dealing.plan.sums, seconds: before - left, left: left)
      } catch let tooLong as TooLong {
        growth.shorten(by: tooLong.factor)
      }
    }
  }

  /// The binary logarithm of the longest lists that limits allow, by levels.
  func longestLists(_ problem: Problem, _ control: RunControl) throws(SubsetSumError) -> [Double] {
    try require(problem.shape, control.limits)
    let m = max(1, problem.dimension)
    let memory = control.limits.allowedBytes(default: Self.defaultMemoryLimit)
    let work = control.limits.work(orDefault: Self.defaultWorkLimit)
    return (0...KListPlan.levelsRange.upperBound).map { levels in
      let byMemory = logarithm2(Double(memory) / Double(Self.bytes(levels: levels, dimension: m)))
      let byWork = logarithm2(Double(work) / Double(((1 << levels) * 2 + 8) * m))
      return min(Double(listBits ?? Self.bitsRange.upperBound), byMemory, byWork)
    }
  }

  /// Bytes for each sum of a list: `levels` + 1 lists of rows, keys and index of a merge, and where
  /// every list's sums came from.
  static func bytes(levels: Int, dimension m: Int) -> Int { (levels + 1) * 8 * m + 48 + 8 << levels }
}
