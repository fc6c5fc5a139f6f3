import ModelFiles
import Testing

/// `prune --method`, `--size`, `--size-penalty` and `--norm-per-width` as a user types them.
@Suite struct SelectionCommandTests {
  @Test func whatATicketSaysOfItsSearchIsSearchedAgain() throws {
    let folder = try Folder()
    for (options, solver) in [
      (["--method", "random-filters", "--size", "7"], "random-filters"),
      (["--method", "magnitude", "--size", "7"], "magnitude"), (["--method", "greedy"], "forward-greedy"),
      (["--method", "greedy", "--size", "7"], "forward-greedy"),
      (["--size", "7", "--work-limit", "400000000"], "beam"),
      (["--size-penalty", "1e-4", "--norm-per-width", "0.05"], "greedy"), (["--objective", "certified"], "population"),
      (["--solver", "greedy"], "greedy"),
      (["--solver", "beam", "--size-penalty", "1e-3", "--work-limit", "400000000"], "beam"),
    ] {
      let run = try ToolRun(
        ["prune", Folder.target, "--width", "300", "--seed", "5", "-o", Folder.ticket, "--force", "--json"] + options,
        in: folder)
      // Beams may go on until the limit, which is exit code 3.
      #expect(run.status == 0 || (run.status == 3 && options.contains("--work-limit")), "\(options): \(run.errors)")
      let figures = try run.json()
      #expect(figures["solver"] as? String == solver)
      if options.contains("--size") {
        #expect((figures["blocks"] as! [[String: Any]]).allSatisfy { $0["kept"] as? Int == 7 })
      }
      let again = try ToolRun("verify", Folder.ticket, "--target", Folder.target, "--replay", "--json", in: folder)
      #expect(again.status == 0, "\(options): \(again.errors)")
      #expect(try again.json()["replay"] as? Bool == true, "\(options)")
    }
  }

  @Test func whatDoesNotGoTogetherIsNamed() throws {
    let folder = try Folder()
    try folder.prune("--method", "clever").expectBadInput("--method", "random-filters", "clever")
    try folder.prune("--method", "magnitude").expectBadInput("--method magnitude", "--size K")
    try folder.prune("--method", "greedy", "--solver", "beam").expectBadInput("--solver", "beam")
    try folder.prune("--size", "7", "--solver", "greedy").expectBadInput("greedy", "size 7")
    try folder.prune("--size", "100000").expectBadInput("100000")
    try folder.prune("--size=-1").expectBadInput("size", "-1")
    try folder.prune("--size-penalty", "1", "--solver", "rounding").expectBadInput("size penalty", "rounding")
    try folder.prune("--size-penalty=-1").expectBadInput("size penalty", "-1")
    try folder.prune("--objective", "speed").expectBadInput("--objective", "certified", "speed")
    try folder.prune("--objective", "certified", "--size-penalty", "1e-3").expectBadInput("objective", "penalty")
    try folder.prune("--norm-per-width", "0").expectBadInput("--norm-per-width", "0")
    try folder.prune(
      "--mode", "calibrated", "--calibration", Folder.data, "--method", "greedy", "--sweeps", "2"
    ).expectBadInput("--sweeps", "--method greedy")
    #expect(!folder.exists(Folder.ticket))
  }
}
