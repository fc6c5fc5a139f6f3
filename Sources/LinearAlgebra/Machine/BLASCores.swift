import MachineKernels

/// The kernels that this process's OpenBLAS can run on this CPU, and the switch between them.
///
/// OpenBLAS calls a set of kernels a *core*: "Haswell", "SkylakeX", … It chooses one when it is loaded, from the CPU and
/// the environment's `OPENBLAS_CORETYPE`; a choice that does not fit can halve the speed. Nothing in this library
/// switches on its own: a program asks for it, best as the first thing it does.
///
/// Every call here needs the process to itself: no BLAS call may run meanwhile on another thread, and no other thread
/// may read or write the environment. Bits of BLAS results differ between cores.
public struct BLASCores: Sendable {
  /// The core in use when this value was made.
  public let inUse: String
  /// What OpenBLAS chooses by itself, without `OPENBLAS_CORETYPE`.
  public let automatic: String
  /// Cores that the CPU can run and OpenBLAS can be told to use, widest vectors first.
  public let names: [String]

  /// Asks OpenBLAS for its own choice and goes back to the core in use. Cost: microseconds.
  ///
  /// - Throws: `BLASCoreError.fixed` for an OpenBLAS that cannot choose again (one not built for many CPUs).
  public init() throws(BLASCoreError) {
    let current = BLASLibrary.coreName
    guard machine_blas_redispatch(nil) != 0 else { throw .fixed(core: current) }
    let automatic = BLASLibrary.coreName
    var names = Self.known.filter { $0.level <= .ofThisCPU }.map(\.name)
    for name in [current, automatic] where !names.contains(name) { names.insert(name, at: 0) }
    (inUse, self.automatic, self.names) = (current, automatic, names)
    try use(current)
  }

  /// Those that OpenBLAS 0.3 takes by name, widest vectors first. Others of as wide vectors share their GEMM kernels.
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

  /// Makes OpenBLAS run on core `name` (upper or lower case).
  ///
  /// - Throws: `BLASCoreError.unknown` for a name that is not in `names`; `refused` where OpenBLAS takes another
  ///   core than it was told, which it then keeps.
  public func use(_ name: String) throws(BLASCoreError) {
    guard let known = names.first(where: { $0.lowercased() == name.lowercased() }) else {
      throw .unknown(name: name, expected: names)
    }
    // Some automatic choices are not taken by name.
    guard machine_blas_redispatch(known == automatic ? nil : known) != 0 else {
      throw .fixed(core: BLASLibrary.coreName)
    }
    guard BLASLibrary.coreName == known else { throw .refused(name: known, took: BLASLibrary.coreName) }
  }
}

/// Why OpenBLAS does not run on the kernels that were asked for.
public enum BLASCoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// This OpenBLAS cannot choose kernels in a running process.
  case fixed(core: String)
  case unknown(name: String, expected: [String])
  case refused(name: String, took: String)
  /// A product of integers came out wrong: kernels that this machine does not run as it should.
  case wrongProduct(name: String)

  public var description: String {
    switch self {
    case .fixed(let core):
      "BLAS core: expected an OpenBLAS built for many CPUs, found one fixed to \(core) in a running process; set "
        + "OPENBLAS_CORETYPE before it starts"
    case .unknown(let name, let expected):
      "BLAS core: expected one that this CPU can run (\(expected.joined(separator: ", "))), found '\(name)'"
    case .refused(let name, let took): "BLAS core: asked for \(name), OpenBLAS took \(took)"
    case .wrongProduct(let name): "BLAS core: expected exact products of integers, found wrong ones on \(name)"
    }
  }
}
