import MachineKernels

/// The kernels that this process's OpenBLAS can run on this CPU, and the switch between them.
///
///     try BLASCores().useBest()
///
/// OpenBLAS calls a set of kernels a *core*: "Haswell", "SkylakeX", … It chooses one when it is
/// loaded, from the CPU and the environment's `OPENBLAS_CORETYPE`; a choice that does not fit can
/// halve the speed, and a build that is older than the CPU may choose kernels an eighth as fast as
/// others it has. Nothing in this library switches on its own: a program asks for it, best as the
/// first thing it does. `useBest` measures, `useFitting` goes by a rule.
///
/// Every call here needs the process to itself: no BLAS call may run meanwhile on another thread,
/// and no other thread may read or write the environment. Bits of BLAS results differ between
/// cores.
public struct BLASCores: Sendable {
  /// The core in use when this value was made.
  public let inUse: String
  /// What OpenBLAS chooses by itself, without `OPENBLAS_CORETYPE`.
  public let automatic: String
  /// Cores that the CPU can run and OpenBLAS can be told to use, widest vectors first; only the one
  /// in use for an OpenBLAS that cannot choose again (one not built for many CPUs).
  public let names: [String]
  /// Whether OpenBLAS can choose again.
  public let canSwitch: Bool

  /// Asks OpenBLAS for its own choice and goes back to the core in use. Cost: microseconds.
  ///
  /// - Throws: `BLASCoreError.refused` where OpenBLAS does not go back.
  public init() throws(BLASCoreError) {
    let current = BLASLibrary.coreName
    inUse = current
    canSwitch = machine_blas_redispatch(nil) != 0
    guard canSwitch else {
      automatic = current
      names = [current]
      return
    }
    let automatic = BLASLibrary.coreName
    self.automatic = automatic
    var names = Self.known.filter { $0.level <= .ofThisCPU }.map(\.name)
    for name in [current, automatic] where !names.contains(name) { names.insert(name, at: 0) }
    self.names = names
    try dispatch(to: current)
  }

  /// Those that OpenBLAS 0.3 takes by name, widest vectors first. Others of as wide vectors share
  /// their GEMM kernels.
  private static let known: [(name: String, level: VectorLevel)] = [
    ("SkylakeX", .avx512), ("Haswell", .avx2), ("Zen", .avx2), ("Sandybridge", .avx), ("Nehalem", .sse42),
  ]

  /// The vector instructions of a core's kernels, or nil for one that this table does not know.
  public static func level(of name: String) -> VectorLevel? {
    switch name.lowercased() {
    case "cooperlake", "sapphirerapids": .avx512BF16
    case "skylakex": .avx512
    case "haswell", "zen": .avx2
    case "sandybridge", "bulldozer", "piledriver", "steamroller", "excavator": .avx
    case "nehalem", "dunnington", "penryn", "core2", "barcelona", "bobcat", "atom": .sse42
    case "prescott", "katmai", "coppermine", "northwood", "banias", "opteron", "opteron_sse3", "nano": .portable
    default: nil
    }
  }

  /// Makes OpenBLAS run on core `name` (upper or lower case), after a test that its kernels compute
  /// rightly here. Where one throws, the core is as it was. Cost: the test's 3 to 10 ms.
  ///
  /// - Throws: `BLASCoreError.unknown` for a name that is not in `names`; `fixed` for that of
  ///   another core than the one in use where OpenBLAS cannot choose again; `refused` where
  ///   OpenBLAS takes another core than it was told; `failedTest` for kernels that give wrong
  ///   results or crash on this CPU.
  public func use(_ name: String) throws(BLASCoreError) {
    let before = BLASLibrary.coreName
    guard let known = names.first(where: { $0.lowercased() == name.lowercased() }) else {
      if !canSwitch, Self.level(of: name) != nil { throw .fixed(core: before) }
      throw .unknown(name: name, expected: names)
    }
    if known == before { return }
    do throws(BLASCoreError) {
      try dispatch(to: known)
      if let wrong = Self.selfTest() { throw .failedTest(name: known, wrong: wrong) }
    } catch {
      try? dispatch(to: before)
      throw error
    }
  }

  /// What the kernels in use compute wrongly on a few products and factorisations with known
  /// results, in words; nil where all are right. Crashes count: the test is guarded against them.
  /// Cost: 3 to 10 ms.
  public static func selfTest() -> String? {
    BLASLibrary.withThreads(1) { machine_blas_self_test().map { String(cString: $0) } }
  }

  /// Tells OpenBLAS, without a test. Some automatic choices are not taken by name.
  func dispatch(to name: String) throws(BLASCoreError) {
    if !canSwitch, BLASLibrary.coreName == name { return }
    guard machine_blas_redispatch(name == automatic ? nil : name) != 0 else {
      throw .fixed(core: BLASLibrary.coreName)
    }
    guard BLASLibrary.coreName == name else { throw .refused(name: name, took: BLASLibrary.coreName) }
  }
}

/// Why OpenBLAS does not run on the kernels that were asked for.
public enum BLASCoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// This OpenBLAS cannot choose kernels in a running process.
  case fixed(core: String)
  case unknown(name: String, expected: [String])
  case refused(name: String, took: String)
  /// The kernels give wrong results on this CPU, or crash; `wrong` says at what.
  case failedTest(name: String, wrong: String)

  public var description: String {
    switch self {
    case .fixed(let core):
      "BLAS core: expected an OpenBLAS built for many CPUs, found one fixed to \(core) in a running process; set "
        + "OPENBLAS_CORETYPE before it starts"
    case .unknown(let name, let expected):
      "BLAS core: expected one that this CPU can run (\(expected.joined(separator: ", "))), found '\(name)'"
    case .refused(let name, let took): "BLAS core: asked for \(name), OpenBLAS took \(took)"
    case .failedTest(let name, let wrong):
      "BLAS core: expected right results from \(name) on this CPU, found a failure in its test: \(wrong)"
    }
  }
}
