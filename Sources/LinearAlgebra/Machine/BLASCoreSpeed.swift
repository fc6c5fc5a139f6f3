/// How fast GEMM runs on one core type.
public struct BLASCoreSpeed: Sendable, Hashable, Codable {
  /// The kernels, as OpenBLAS names them.
  public let name: String
  /// GFLOP/s of products of `Float` on one thread.
  public let float: Double
  /// The same for `Double`.
  public let double: Double

  /// Measured speeds of the kernels `name`, in GFLOP/s.
  public init(name: String, float: Double, double: Double) {
    (self.name, self.float, self.double) = (name, float, double)
  }

  /// One figure to rank by: the geometric mean over the two types.
  public var mean: Double { (float * double).squareRoot() }
}

extension BLASCores {
  /// A core must beat OpenBLAS's own choice by this factor to be chosen instead: less is noise.
  static let worthwhile = 1.03

  /// Times GEMM of `size`³ on each of `names` (all of this CPU's by default) at one thread, cores
  /// taking turns, and goes back to the core in use. The best of `rounds`, fastest core first:
  /// other work on the machine only slows.
  ///
  /// Cost: at 384³ and 7 rounds about 35 ms a core at 100 GFLOP/s.
  ///
  /// Cores that fail their test (`use(_:)`) are left out, so the result may be empty.
  ///
  /// - Throws: `BLASCoreError.refused` where OpenBLAS takes another core than it was told,
  ///   `LinearAlgebraError.outOfRange` for a size outside of 1 to 8192 and for fewer than one
  ///   round; the core in use is restored all the same.
  public func measure(_ names: [String]? = nil, size: Int = 384, rounds: Int = 7) throws -> [BLASCoreSpeed] {
    try GEMMSpeed.require("size of a timed product", size, atMost: SquareProduct<Float>.largest)
    try GEMMSpeed.require("rounds", rounds)
    let before = BLASLibrary.coreName
    defer { try? dispatch(to: before) }
    let names = try (names ?? self.names).filter { name in
      do { try use(name) } catch BLASCoreError.failedTest { return false }
      return Self.selfTest() == nil
    }
    var product = (float: try SquareProduct<Float>(size), double: try SquareProduct<Double>(size))
    var rates = names.map { _ in (float: 0.0, double: 0.0) }
    try BLASLibrary.withThreads(1) {
      for _ in 0..<rounds {
        for (index, name) in names.enumerated() {
          try dispatch(to: name)
          rates[index].float = max(rates[index].float, try product.float.rate())
          rates[index].double = max(rates[index].double, try product.double.rate())
        }
      }
    }
    return zip(names, rates)
      .map { BLASCoreSpeed(name: $0, float: $1.float, double: $1.double) }
      .sorted { ($1.mean, $0.name) < ($0.mean, $1.name) }
  }

  /// The fastest of measured cores; OpenBLAS's own choice where nothing beats it by 3 %.
  public func best(of speeds: [BLASCoreSpeed]) -> BLASCoreSpeed? {
    let fastest = speeds.max { $0.mean < $1.mean }
    guard let fastest, let own = speeds.first(where: { $0.name == automatic }) else { return fastest }
    return fastest.mean > Self.worthwhile * own.mean ? fastest : own
  }

  /// Those worth measuring for speed: the cores with the widest vectors, and those a step below,
  /// which some CPUs run faster.
  var contenders: [String] {
    let levels = names.compactMap(Self.level(of:))
    guard let widest = levels.max() else { return names }
    let least = min(widest, VectorLevel.avx2)
    return names.filter { Self.level(of: $0).map { $0 >= least } ?? true }
  }

  /// Switches to the fastest core: the remembered one, or else measured now and remembered.
  ///
  /// Cost: measuring takes about 0.2 s; a memory that cannot be read or written is as none.
  ///
  /// - Returns: its speed, and whether it was remembered.
  /// - Throws: as `use(_:)`.
  @discardableResult
  public func useBest(
    remembering memory: BLASCoreMemory? = .standard
  ) throws -> (speed: BLASCoreSpeed, isRemembered: Bool) {
    if let known = memory?.recall(), Set(known.map(\.name)).isSuperset(of: contenders),
      let best = best(of: known.filter { names.contains($0.name) })
    {
      try use(best.name)
      return (best, true)
    }
    let speeds = try measure(contenders)
    guard let best = best(of: speeds) else {
      throw BLASCoreError.failedTest(name: inUse, wrong: Self.selfTest() ?? "no other core is right")
    }
    try use(best.name)
    memory?.remember(speeds)
    return (best, false)
  }
}
