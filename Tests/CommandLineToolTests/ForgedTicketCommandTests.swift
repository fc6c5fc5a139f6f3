import Convolution
import Foundation
import ModelFiles
import Testing
import Tickets

/// Tickets that pretend, signed as anybody can sign them, through the tool.
@Suite struct ForgedTicketCommandTests {
  /// Draws the small ticket with data and writes it again as `change` makes it.
  private func forged(in folder: Folder, _ change: (TicketFile) throws -> TicketFile) throws {
    #expect(try folder.prune("--data", Folder.data).status == 0)
    let honest = try TicketFile(contentsOf: folder.file(Folder.ticket))
    try change(honest).write(to: folder.file("forged"), force: true)
  }

  private func verify(in folder: Folder, _ more: String..., target: String = Folder.target) throws -> ToolRun {
    try ToolRun(["verify", "forged", "--target", target, "--data", Folder.data] + more, in: folder)
  }

  @Test func anotherGraphIsRefusedInOneLine() throws {
    let folder = try Folder()
    try forged(in: folder) { honest in
      let ticket = honest.ticket
      // The same network but for its last node, which passes on what it reads.
      let target = try ONNXModel.network(fromFile: folder.file(Folder.target))
      let other = try Target(
        Network(inputShape: target.inputShape, nodes: target.nodes, output: target.nodes.count - 2)
      ).graph
      return TicketFile(
        ticket: try Ticket(
          seed: ticket.seed, width: ticket.width, mode: ticket.mode, inputRange: ticket.inputRange, graph: other,
          scales: ticket.scales, blocks: ticket.blocks, targetDigest: ticket.targetDigest, isComplete: true),
        claims: honest.claims, search: honest.search)
    }
    for more in [[], ["--json"], ["--replay"]] {
      let run = try ToolRun(
        ["verify", "forged", "--target", Folder.target, "--data", Folder.data] + more, in: folder)
      #expect(run.status == 1 && run.output.isEmpty, "\(run.output)")
      #expect(run.errors.contains("layer graph") && run.errors.filter(\.isNewline).count == 1, "\(run.errors)")
    }
    try ToolRun("compare", "forged", "--target", Folder.target, in: folder).expectBadInput("layer graph")
  }

  @Test func aFalseNumberOfImagesDisagrees() throws {
    let folder = try Folder()
    try forged(in: folder) { honest in
      var claims = try #require(honest.claims)
      claims.images = 49
      return TicketFile(ticket: honest.ticket, claims: claims, witness: honest.witness, search: honest.search)
    }
    let run = try verify(in: folder)
    #expect(run.status == 1 && run.output.contains("DISAGREES: images: claimed 49, measured 50"), "\(run.output)")
    #expect(try verify(in: folder, "--json").json()["agrees"] as? Bool == false)
  }

  @Test func anotherTargetFileKeepsTheVerdictOpen() throws {
    let folder = try Folder()
    #expect(try folder.prune("--data", Folder.data, output: "forged").status == 0)
    let document = try ONNXDocument(path: folder.file(Folder.target))
    let again = ONNXDocument(
      graphName: "again", inputs: document.inputs, outputs: document.outputs, nodes: document.nodes,
      initializers: document.initializers)
    try folder.write(try again.serialized(), to: "again.onnx")
    let run = try verify(in: folder, "--json", target: "again.onnx")
    #expect(run.status == 0, "\(run.errors)")
    let figures = try run.json()
    #expect(figures["agrees"] is NSNull && (figures["disagreements"] as? [String])?.isEmpty == true)
    #expect((figures["unchecked"] as? [String])?.first?.hasPrefix("target_file_digest: ") == true)
    #expect(try verify(in: folder, "--json").json()["agrees"] as? Bool == true)
  }

  @Test func aReplayThatFindsAnotherTicketIsNoAgreement() throws {
    let folder = try Folder()
    #expect(try folder.prune("--solver", "iterated-greedy", "--data", Folder.data, output: "other").status == 0)
    let other = try TicketFile(contentsOf: folder.file("other"))
    try forged(in: folder) {
      TicketFile(ticket: other.ticket, claims: other.claims, witness: other.witness, search: $0.search)
    }
    #expect(try verify(in: folder, "--json").json()["agrees"] as? Bool == true)
    let replayed = try verify(in: folder, "--replay", "--json")
    #expect(replayed.status == 1)
    let figures = try replayed.json()
    #expect(figures["agrees"] as? Bool == false && figures["replay"] as? Bool == false)
    #expect((figures["disagreements"] as? [String])?.count == 1)
    let text = try verify(in: folder, "--replay").output
    #expect(text.contains("agrees                   NO") && !text.contains("yes"), "\(text)")
  }
}
