import Foundation
import LinearAlgebra
import ModelFiles
import Testing

/// Numbers that options cannot take, sizes that no memory holds, and magnitudes at the ends of
/// Float64: one line and code 2, or a right answer.
@Suite struct NumberOptionTests {
  private static let instance = ["--dimension", "2", "--count", "9", "--seed", "1"]
  private static let batch = [
    "--count", "9", "--instances", "3", "--seed", "1", "--law", "uniform",
  ]
  private static let sizes = [
    "--kernel", "3", "--channels-in", "1", "--channels-out", "1", "--layers", "1", "--epsilon",
    "0.1",
  ]

  /// Every option that takes a number, with a negative one behind it.
  @Test func negativeNumbersAreNamed() throws {
    let folder = try Folder()
    let pruned = ["prune", Folder.target, "--width", "9", "--seed", "1", "-o", "t"]
    let block = [
      "instance", Folder.target, "--width", "9", "--seed", "1", "--layer", "1", "--channel", "0",
      "-o", "t",
    ]
    let commands: [(arguments: [String], options: [String])] = [
      (
        ["solve"] + Self.instance,
        [
          "--dimension", "--count", "--seed", "--size", "--epsilon", "--threads", "--time-limit",
          "--memory-limit",
          "--work-limit",
        ]
      ),
      (["solve"] + Self.instance + ["--all", "--epsilon", "1"], ["--max-subsets"]),
      (
        ["solve-batch"] + Self.batch,
        [
          "--count", "--instances", "--seed", "--epsilon", "--threads", "--time-limit",
          "--memory-limit", "--work-limit",
        ]
      ),
      (
        pruned,
        [
          "--width", "--seed", "--size", "--size-penalty", "--norm-per-width", "--threads",
          "--time-limit",
          "--memory-limit", "--work-limit",
        ]
      ),
      (["prune", Folder.target, "--seed", "1", "-o", "t"], ["--epsilon"]),
      (["prune", Folder.target, "--seed", "1", "--epsilon", "1", "-o", "t"], ["--largest-width"]),
      (
        block,
        [
          "--width", "--seed", "--layer", "--channel", "--threads", "--time-limit",
          "--memory-limit",
        ]
      ),
      (
        ["bounds"] + Self.sizes,
        [
          "--kernel", "--channels-in", "--channels-out", "--layers", "--epsilon", "--delta",
          "--count",
        ]
      ),
      (["sweep", "s.toml", "--store", "s.sqlite"], ["--shard", "--threads", "--time-limit"]),
      (["compare", "t", "--target", Folder.target], ["--threads", "--memory-limit"]),
      (["verify", "t", "--target", Folder.target], ["--threads"]),
    ]
    for (arguments, options) in commands {
      for option in options {
        let run = try ToolRun(arguments + [option, "-1"], in: folder)
        run.expectBadInput("-1", "expected", "found")
        #expect(!run.errors.contains("Missing value"), "\(option)")
      }
    }
    try ToolRun(["solve"] + Self.instance + ["--size", "three"], in: folder).expectBadInput(
      "--size", "'three'")
    try ToolRun(["solve"] + Self.instance + ["--epsilon", "1e999"], in: folder).expectBadInput(
      "--epsilon", "'1e999'")
  }

  @Test func sizesBeyondMemoryAreRefusedBeforeAnyIsTaken() throws {
    let folder = try Folder()
    func expectRefusal(_ arguments: [String], _ part: String) throws {
      let run = try ToolRun(arguments, in: folder)
      run.expectBadInput("expected", "found", part)
    }
    for (m, n) in [
      ("2", "4611686018427387904"), ("3", "1000000000000"), ("1000000000000", "1"),
      ("0", "100000000000"),
    ] {
      try expectRefusal(["solve", "--dimension", m, "--count", n, "--seed", "1"], "bytes")
    }
    try expectRefusal(
      [
        "solve-batch", "--dimension", "2", "--count", "4611686018427387904", "--instances", "1",
        "--seed", "1",
      ], "56")
    try expectRefusal(
      [
        "solve-batch", "--count", "9", "--instances", "4000000000", "--seed", "1", "--law",
        "uniform",
      ], "bytes")
    try expectRefusal(
      [
        "solve-batch", "--dimension", "9000000000000000000", "--count", "9", "--instances", "2",
        "--seed", "1",
      ], "bytes")
    try expectRefusal(
      ["prune", Folder.target, "--width", "1073741824", "--seed", "1", "-o", "t"], "bytes")
    try expectRefusal(
      [
        "instance", Folder.target, "--width", "1073741824", "--seed", "1", "--layer", "1",
        "--channel", "0", "-o", "t",
      ], "bytes")
    try NumPyArchive(entries: [
      NumPyArchive.Entry(name: "candidates", array: NumPyArray(shape: [3, 0], doubles: [])),
      NumPyArchive.Entry(
        name: "target", array: NumPyArray(shape: [1_000_000_000_000, 0], doubles: [])),
    ]).serialized().write(to: URL(fileURLWithPath: folder.file("none.npz")))
    try expectRefusal(["solve", "none.npz"], "m above 0")
  }

  @Test func anInstanceThatIsNotMadeInTimeSaysSo() throws {
    let folder = try Folder()
    let run = try ToolRun(
      [
        "solve", "--dimension", "1000", "--count", "100000", "--seed", "1", "--time-limit", "0.001",
      ], in: folder)
    run.expectBadInput("100000 candidates of dimension 1000", "time limit")
  }

  @Test func littleMemoryLeadsToAnotherSolver() throws {
    let folder = try Folder()
    for (m, n) in [("1", "40"), ("20", "28"), ("9", "200")] {
      let arguments = [
        "solve", "--dimension", m, "--count", n, "--seed", "1", "--memory-limit", "1000",
      ]
      let run = try ToolRun(arguments + ["--work-limit", "1000000", "--json"], in: folder)
      #expect(run.status == 0 || run.status == 3, "\(run.errors)")
      #expect(run.output.contains("portfolio: "))
    }
  }

  @Test func extremeMagnitudesAreSolvedByEverySolver() throws {
    let folder = try Folder()
    let entries = (0..<20).map { Double($0 * 37 % 23) - 11 }
    for (candidates, target) in [
      (1.0, 1e24), (1e-30, 0.1), (1.0, 1e18), (1e-300 * 1e-16, 1e-300 * 1e-16), (1e100, 1e-300),
    ] {
      try ProblemFile.write(
        candidates: entries.map { $0 * candidates }, count: 10, dimension: 2,
        targets: [7 * target, -3 * target],
        to: folder.file("p.npz"), force: true)
      for solver in [
        "portfolio", "cell-sweep", "meet-in-the-middle", "beam", "k-list", "exchange", "rounding",
      ] {
        for norm in ["max", "l2"] {
          let run = try ToolRun(
            [
              "solve", "p.npz", "--solver", solver, "--norm", norm, "--work-limit", "200000",
              "--json",
            ], in: folder)
          #expect(
            run.status == 0 || run.status == 3, "\(solver) \(norm): \(run.status) \(run.errors)")
        }
      }
    }
  }

  @Test func helpSaysWhichSolversTakeASizeOrAPenalty() throws {
    let folder = try Folder()
    let solve = try ToolRun("solve", "--help", in: folder).output.split(
      whereSeparator: \.isWhitespace
    ).joined(separator: " ")
    #expect(solve.contains("all solvers take it but pairwise, k-list, greedy, iterated-greedy or population"))
    let prune = try ToolRun("prune", "--help", in: folder).output.split(
      whereSeparator: \.isWhitespace
    ).joined(separator: " ")
    #expect(prune.contains("solvers rounding or beam, and every baseline"))
    #expect(prune.contains("solvers greedy, iterated-greedy or beam"))
  }
}
