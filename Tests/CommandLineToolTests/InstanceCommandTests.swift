import ModelFiles
import Testing
import Tickets

/// `tombola instance`: a block's problem, solved apart, gives the filters that the ticket keeps.
@Suite struct InstanceCommandTests {
  @Test(arguments: [[], ["--mode", "calibrated", "--calibration", Folder.data, "--sweeps", "0"]])
  func solvedApartItIsTheTicketsBlock(mode: [String]) throws {
    let folder = try Folder()
    let options = ["--width", "300", "--seed", "5", "--solver", "greedy"] + mode
    #expect(try ToolRun(["prune", Folder.target, "-o", Folder.ticket] + options, in: folder).status == 0)
    let ticket = try TicketFile(contentsOf: folder.file(Folder.ticket)).ticket
    for (layer, channel, half) in [(1, 1, Half.negative), (1, 0, .positive), (2, 2, .positive)] {
      let run = try ToolRun(
        [
          "instance", Folder.target, "--layer", "\(layer)", "--channel", "\(channel)", "--half", half.rawValue,
          "--force",
          "-o", "problem.npz",
        ] + options, in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let solved = try ToolRun(
        "solve", "problem.npz", "--norm", "l2", "--solver", "greedy", "--json", in: folder)
      #expect(solved.status == 0, "\(solved.errors)")
      let subset = try #require(try solved.json()["subset"] as? [Int])
      let filters = try NumPyArchive(path: folder.file("problem.npz")).array("filters").integers()
      let address = BlockAddress(layer: layer, channel: channel, half: half)
      let block = try #require(ticket.blocks.first { $0.address == address })
      #expect(subset.map { UInt32(filters[$0]) }.sorted() == block.kept, "\(layer), \(channel), \(half)")
      #expect(filters.count == block.candidates)
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    let folder = try Folder()
    func instance(_ options: String...) throws -> ToolRun {
      try ToolRun(
        ["instance", Folder.target, "--width", "300", "--seed", "5", "-o", "problem.npz"] + options, in: folder)
    }
    try instance("--layer", "3", "--channel", "0").expectBadInput("block", "1 to 2", "layer 3")
    try instance("--layer", "1", "--channel", "2").expectBadInput("channel 2")
    try instance("--layer", "2", "--channel", "0", "--half", "negative").expectBadInput("negative", "signed")
    try instance("--layer", "1", "--channel", "0", "--half", "both").expectBadInput("--half", "both")
    try instance("--layer", "1", "--channel", "0", "--mode", "calibrated").expectBadInput("--calibration")
    #expect(!folder.exists("problem.npz"))
    #expect(try instance("--layer", "1", "--channel", "0").status == 0)
    try instance("--layer", "1", "--channel", "0").expectBadInput("problem.npz", "--force")
  }
}
