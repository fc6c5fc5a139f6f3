import Foundation
import Testing
import Tombola

/// README's Swift example, compiled and run; the test compares its text with README's.
@Suite struct ReadmeTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// In a process of its own: the example chooses BLAS's kernels and names files from its working
  /// folder.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "no Fashion-MNIST"))
  func theLibraryExampleRuns() async {
    await #expect(processExitsWith: .success) {
      let fileManager = FileManager.default
      let folder = NSTemporaryDirectory() + "tombola-readme-" + UUID().uuidString
      try fileManager.createDirectory(atPath: folder + "/Targets", withIntermediateDirectories: true)
      defer { try? fileManager.removeItem(atPath: folder) }
      try fileManager.copyItem(
        atPath: Self.root.path + "/Targets/fashion-cnn.onnx", toPath: folder + "/Targets/fashion-cnn.onnx")
      #expect(fileManager.changeCurrentDirectoryPath(folder))

      // README from here
      try BLASCores().useBest()
      let target = try Target(ONNXModel.network(fromFile: "Targets/fashion-cnn.onnx"))
      let ticket = try TicketSearch(target, seed: 7, width: 2000).run().ticket
      let images = try ImageSetFile.load("fashion-mnist", part: .test).prefix(500)
      let claims = try Measurement(ticket: ticket, target: target).claims(on: images)
      try TicketFile(ticket: ticket, claims: claims).write(to: "ticket.safetensors", force: true)
      // README to here

      let accuracy = try #require(claims.ticketAccuracy)
      #expect(accuracy > 0.7 && claims.keptFilters == ticket.keptFilters)
      #expect(try TicketFile(contentsOf: "ticket.safetensors").claims == claims)
    }
  }

  @Test func theLibraryExampleIsREADMEs() throws {
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    let shown = try #require(readme.components(separatedBy: "```swift\n").last?.components(separatedBy: "\n```").first)
    let lines = source.components(separatedBy: "\n")
    let start = try #require(lines.firstIndex(of: "      // README from here"))
    let end = try #require(lines.firstIndex(of: "      // README to here"))
    let example = lines[start + 1..<end].map { String($0.dropFirst(6)) }
    #expect(shown == (["import Tombola", ""] + example).joined(separator: "\n"))
  }
}
