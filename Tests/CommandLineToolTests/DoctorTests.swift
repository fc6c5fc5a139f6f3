import Foundation
import LinearAlgebra
import Testing

/// `doctor`, and the choice of OpenBLAS's kernels. (Switching is process-wide, so it is tested on the executable.)
@Suite struct DoctorTests {
  private static let memory = "cache/tombola/blas-cores.json"

  private struct Core {
    let name: String
    let float: Double
    let double: Double
    let isInUse: Bool
    let isAutomatic: Bool

    init(_ json: Any) throws {
      let json = try #require(json as? [String: Any])
      name = try #require(json["name"] as? String)
      float = try #require(json["float"] as? Double)
      double = try #require(json["double"] as? Double)
      isInUse = try #require(json["in_use"] as? Bool)
      isAutomatic = try #require(json["is_automatic"] as? Bool)
    }
  }

  private func findings(
    _ arguments: [String] = [], in folder: Folder, environment: [String: String] = [:]
  ) throws -> (json: [String: Any], cores: [Core], errors: String) {
    let run = try ToolRun(["doctor", "--json"] + arguments, in: folder, environment: environment)
    #expect(run.status == 0, "\(run.errors)")
    let json = try run.json()
    return (json, try (try #require(json["blas_cores"] as? [Any])).map(Core.init), run.errors)
  }

  /// The core that nothing but OpenBLAS chose, and another that this CPU runs; nil where it runs only one.
  private func twoCores(in folder: Folder) throws -> (own: String, other: String)? {
    let cores = try findings(in: folder).cores
    guard let own = cores.first(where: \.isAutomatic)?.name,
      let other = cores.first(where: { !$0.isAutomatic })?.name
    else { return nil }
    return (own, other)
  }

  @Test func figuresArePlausible() throws {
    let (json, cores, errors) = try findings(in: try Folder())
    #expect(errors.isEmpty)
    for key in ["cpu", "vectors", "openblas", "threading", "blas_core", "best_core"] {
      #expect((json[key] as? String)?.isEmpty == false, "\(key)")
    }
    #expect(json["cores"] as? Int == Workers.availableCores)
    #expect((json["openblas"] as? String)?.hasPrefix("OpenBLAS 0.") == true)
    // A peak is above what GEMM reaches, but for noise; a tenth of it would be a broken build.
    for type in ["float", "double"] {
      let peak = try #require((json["peak_\(type)"] as? [String: Double])?["one_core"])
      let gemm = try #require((json["gemm_\(type)"] as? [String: Double])?["one_core"])
      #expect(peak > 0.5 && gemm > 0.02 * peak && gemm < 3 * peak, "\(type): peak \(peak), GEMM \(gemm)")
    }
    #expect(cores.filter(\.isInUse).map(\.name) == [json["blas_core"] as? String])
    #expect(cores.allSatisfy { $0.float > 0 && $0.double > 0 })
    #expect(Set(cores.map(\.name)).count == cores.count)
    let means = cores.map { ($0.float * $0.double).squareRoot() }
    #expect(means == means.sorted(by: >))
  }

  @Test func theTextNamesWhatTheJSONHas() throws {
    let folder = try Folder()
    let run = try ToolRun("doctor", in: folder)
    #expect(run.status == 0)
    for part in ["CPU", "BLAS", "peak Float", "GEMM Double", "verdict", "OpenBLAS 0."] {
      #expect(run.output.contains(part), "\(run.output)")
    }
  }

  @Test func aNamedCoreIsUsed() throws {
    let folder = try Folder()
    guard let (own, other) = try twoCores(in: folder) else { return }
    // The option wins over both variables, the tool's own variable over OpenBLAS's.
    #expect(try findings(["--blas-core", other], in: folder).json["blas_core"] as? String == other)
    #expect(try findings(["--blas-core", own.lowercased()], in: folder).json["blas_core"] as? String == own)
    let byVariable = try findings(in: folder, environment: ["TOMBOLA_BLAS_CORE": other.uppercased()])
    #expect(byVariable.json["blas_core"] as? String == other)
    let both = ["TOMBOLA_BLAS_CORE": other, "OPENBLAS_CORETYPE": other]
    #expect(try findings(["--blas-core", own], in: folder, environment: both).json["blas_core"] as? String == own)
    #expect(try findings(in: folder, environment: ["OPENBLAS_CORETYPE": other]).json["blas_core"] as? String == other)
  }

  @Test func anUnknownCoreIsBadInput() throws {
    let folder = try Folder()
    let run = try ToolRun(["info", Folder.target, "--blas-core", "Pentium9"], in: folder)
    run.expectBadInput("--blas-core", "best", BLASLibrary.coreName, "'Pentium9'")
    let byVariable = try ToolRun(["info", Folder.target], in: folder, environment: ["TOMBOLA_BLAS_CORE": "Pentium9"])
    byVariable.expectBadInput("TOMBOLA_BLAS_CORE", "best", "'Pentium9'")
  }

  @Test func theBestIsMeasuredOnceAndRemembered() throws {
    let folder = try Folder()
    #expect(try ToolRun("info", Folder.target, "--blas-core", "best", in: folder).status == 0)
    let first = try folder.bytes(Self.memory)
    #expect(try ToolRun("info", Folder.target, "--blas-core", "best", in: folder).status == 0)
    #expect(try folder.bytes(Self.memory) == first)

    // What is remembered decides: make the slowest of the remembered cores the fastest by far.
    var json = try #require(try JSONSerialization.jsonObject(with: first) as? [String: Any])
    let machines = try #require(json["machines"] as? [String: [[String: Any]]])
    let (key, cores) = try #require(machines.first)
    var speeds = cores
    speeds[speeds.count - 1]["float"] = 1e6
    json["machines"] = [key: speeds]
    try folder.write(JSONSerialization.data(withJSONObject: json), to: Self.memory)
    let chosen = try findings(["--blas-core", "best"], in: folder).json["blas_core"] as? String
    #expect(chosen == speeds.last?["name"] as? String)
  }

  @Test(arguments: ["", "{", "[]", #"{"format": 99, "machines": {}}"#, #"{"format": 1, "machines": {"x": []}}"#])
  func aDamagedMemoryIsAsNone(contents: String) throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(atPath: folder.file("cache/tombola"), withIntermediateDirectories: true)
    try folder.write(Data(contents.utf8), to: Self.memory)
    let run = try ToolRun("info", Folder.target, "--blas-core", "best", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let json = try JSONSerialization.jsonObject(with: try folder.bytes(Self.memory)) as? [String: Any]
    #expect((json?["machines"] as? [String: Any])?.isEmpty == false)
  }

  @Test func aMemoryThatCannotBeWrittenIsAsNone() throws {
    let folder = try Folder()
    try folder.write(Data(), to: "cache")  // a file where the folder should be
    let run = try ToolRun("info", Folder.target, "--blas-core", "best", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
  }

  /// The remembered speeds make this certain on any machine: the pinned core is said to be slow.
  @Test func aSlowPinIsOneLineOfWarning() throws {
    let folder = try Folder()
    guard let (_, other) = try twoCores(in: folder) else { return }
    var json = try #require(try JSONSerialization.jsonObject(with: try folder.bytes(Self.memory)) as? [String: Any])
    var (key, cores) = try #require((json["machines"] as? [String: [[String: Any]]])?.first)
    for index in cores.indices { cores[index]["float"] = cores[index]["name"] as? String == other ? 1 : 100 }
    json["machines"] = [key: cores]
    try folder.write(JSONSerialization.data(withJSONObject: json), to: Self.memory)

    let prune = ["prune", Folder.target, "--width", "20", "--seed", "1", "--force", "-o", Folder.ticket]
    let pinned = ["OPENBLAS_CORETYPE": other]
    let warned = try ToolRun(prune, in: folder, environment: pinned)
    #expect(warned.status == 0)
    #expect(warned.errors.hasPrefix("tombola: warning: ") && warned.errors.filter(\.isNewline).count == 1)
    for part in [other, "--blas-core best", "OPENBLAS_CORETYPE"] { #expect(warned.errors.contains(part)) }
    // Not for a choice made here, nor without the pin.
    #expect(try ToolRun(prune + ["--blas-core", "best"], in: folder, environment: pinned).errors.isEmpty)
    #expect(try ToolRun(prune + ["--blas-core", other], in: folder).errors.isEmpty)
    #expect(try ToolRun(prune, in: folder).errors.isEmpty)
  }

  /// Greedy flips decide in fixed order: the kernels that propose change no ticket.
  @Test func coresDrawTheSameTicket() throws {
    let folder = try Folder()
    var tickets: Set<Data> = []
    for core in try findings(in: folder).cores {
      let run = try folder.prune("--force", "--blas-core", core.name)
      #expect(run.status == 0, "\(run.errors)")
      tickets.insert(try folder.bytes(Folder.ticket))
    }
    #expect(tickets.count == 1)
  }
}
