import Foundation
import Glibc
import LinearAlgebra
import TestSupport
import Testing

/// `doctor`, and the choice of OpenBLAS's kernels. (Switching is process-wide, so it is tested on
/// the executable.)
///
/// Each run says itself what chooses kernels and where they are remembered, whatever the suite runs
/// under.
@Suite struct DoctorTests {
  private static let memory = "cache/tombola/blas-cores.json"

  private static func environment(_ own: [String: String?], in folder: Folder) -> [String: String?] {
    let unpinned: [String: String?] = [
      "OPENBLAS_CORETYPE": nil, "TOMBOLA_BLAS_CORE": nil, "XDG_CACHE_HOME": folder.file("cache"),
    ]
    return unpinned.merging(own) { $1 }
  }

  private func run(
    _ arguments: [String], in folder: Folder, environment: [String: String?] = [:]
  ) throws -> ToolRun {
    try ToolRun(arguments, in: folder, environment: Self.environment(environment, in: folder))
  }

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
    _ arguments: [String] = [], in folder: Folder, environment: [String: String?] = [:]
  ) throws -> (json: [String: Any], cores: [Core], errors: String) {
    let run = try self.run(["doctor", "--json"] + arguments, in: folder, environment: environment)
    #expect(run.status == 0, "\(run.errors)")
    let json = try run.json()
    return (json, try (try #require(json["blas_cores"] as? [Any])).map(Core.init), run.errors)
  }

  /// The core that OpenBLAS chooses by itself, and another that this CPU runs; nil where it runs
  /// only one.
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
    for key in ["cpu", "vectors", "openblas", "threading", "blas_core", "blas_choice", "best_core"] {
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
    let run = try self.run(["doctor"], in: folder)
    #expect(run.status == 0)
    for part in ["CPU", "BLAS", "choice", "peak Float", "GEMM Double", "verdict", "OpenBLAS 0."] {
      #expect(run.output.contains(part), "\(run.output)")
    }
  }

  @Test func aNamedCoreIsUsed() throws {
    let folder = try Folder()
    guard let (own, other) = try twoCores(in: folder) else { return }
    // The option wins over both variables, the tool's own variable over OpenBLAS's, auto leaves the
    // pin alone.
    #expect(try findings(["--blas-core", other], in: folder).json["blas_core"] as? String == other)
    #expect(try findings(["--blas-core", own.lowercased()], in: folder).json["blas_core"] as? String == own)
    let byVariable = try findings(in: folder, environment: ["TOMBOLA_BLAS_CORE": other.uppercased()])
    #expect(byVariable.json["blas_core"] as? String == other)
    let both: [String: String?] = ["TOMBOLA_BLAS_CORE": other, "OPENBLAS_CORETYPE": other]
    #expect(try findings(["--blas-core", own], in: folder, environment: both).json["blas_core"] as? String == own)
    let pin: [String: String?] = ["OPENBLAS_CORETYPE": other]
    for arguments in [[], ["--blas-core", "auto"]] {
      let pinned = try findings(arguments, in: folder, environment: pin)
      #expect(pinned.json["blas_core"] as? String == other)
      #expect((pinned.json["blas_choice"] as? String)?.contains("OPENBLAS_CORETYPE pins \(other)") == true)
    }
  }

  /// Where nobody pins a core, one runs whose vectors are as wide as the CPU's, whatever OpenBLAS
  /// knows of the CPU.
  @Test func withoutAPinTheKernelsFitTheCPU() throws {
    let folder = try Folder()
    let (json, cores, _) = try findings(in: folder)
    let inUse = try #require(json["blas_core"] as? String)
    let own = try #require(cores.first(where: \.isAutomatic)?.name)
    #expect(cores.count == 1 || !FittingBLASCore.isNarrow(inUse), "\(inUse)")
    // OpenBLAS's own choice stays unless it is narrow.
    #expect(inUse == own || FittingBLASCore.isNarrow(own), "\(inUse), \(own)")
    let auto = try findings(["--blas-core", "auto"], in: folder, environment: ["TOMBOLA_BLAS_CORE": own])
    #expect(auto.json["blas_core"] as? String == inUse)
    // By rule: it writes no file, and says nothing.
    let other = try Folder()
    let info = try run(["info", Folder.target], in: other)
    #expect(info.status == 0 && info.errors.isEmpty && !other.exists("cache"), "\(info.errors)")
  }

  @Test func anUnknownCoreIsBadInput() throws {
    let folder = try Folder()
    let run = try self.run(["info", Folder.target, "--blas-core", "Pentium9"], in: folder)
    run.expectBadInput("--blas-core", "auto, best", "'Pentium9'")
    let byVariable = try self.run(
      ["info", Folder.target], in: folder, environment: ["TOMBOLA_BLAS_CORE": "Pentium9"])
    byVariable.expectBadInput("TOMBOLA_BLAS_CORE", "best", "'Pentium9'")
  }

  @Test func theBestIsMeasuredOnceAndRemembered() throws {
    let folder = try Folder()
    #expect(try run(["info", Folder.target, "--blas-core", "best"], in: folder).status == 0)
    let first = try folder.bytes(Self.memory)
    #expect(try run(["info", Folder.target, "--blas-core", "best"], in: folder).status == 0)
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
    let run = try self.run(["info", Folder.target, "--blas-core", "best"], in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let json = try JSONSerialization.jsonObject(with: try folder.bytes(Self.memory)) as? [String: Any]
    #expect((json?["machines"] as? [String: Any])?.isEmpty == false)
  }

  @Test func aMemoryThatCannotBeWrittenIsAsNone() throws {
    let folder = try Folder()
    try folder.write(Data(), to: "cache")  // a file where the folder should be
    let run = try self.run(["info", Folder.target, "--blas-core", "best"], in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
  }

  /// The remembered speeds make this certain on any machine: the pinned core is said to be slow, to
  /// people alone.
  @Test func aSlowPinIsOneLineOfWarningOnATerminal() throws {
    let folder = try Folder()
    guard let (_, other) = try twoCores(in: folder) else { return }
    var json = try #require(try JSONSerialization.jsonObject(with: try folder.bytes(Self.memory)) as? [String: Any])
    var (key, cores) = try #require((json["machines"] as? [String: [[String: Any]]])?.first)
    for index in cores.indices { cores[index]["float"] = cores[index]["name"] as? String == other ? 1 : 100 }
    json["machines"] = [key: cores]
    try folder.write(JSONSerialization.data(withJSONObject: json), to: Self.memory)

    let prune = ["prune", Folder.target, "--width", "20", "--seed", "1", "--force", "-o", Folder.ticket]
    let pinned: [String: String?] = ["OPENBLAS_CORETYPE": other]
    func onTerminal(_ more: [String], _ own: [String: String?]) throws -> [String] {
      try Terminal.errors(of: prune + more, in: folder, environment: Self.environment(own, in: folder))
        .split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains("warning") }
    }
    let warnings = try onTerminal([], pinned)
    #expect(warnings.count == 1)
    for part in ["tombola: warning: ", other, "--blas-core best", "OPENBLAS_CORETYPE"] {
      #expect(warnings.first?.contains(part) == true, "\(warnings)")
    }
    // Not beside JSON, nor for a choice made here, nor without the pin, nor where no person reads.
    #expect(try onTerminal(["--json"], pinned).isEmpty)
    #expect(try onTerminal(["--blas-core", "best"], pinned).isEmpty)
    #expect(try onTerminal(["--blas-core", other], [:]).isEmpty)
    #expect(try onTerminal([], [:]).isEmpty)
    #expect(try run(prune, in: folder, environment: pinned).errors.isEmpty)
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
