import Foundation
import ModelFiles
import Testing

/// `--convolution`: how networks are run, and nothing else.
@Suite struct ConvolutionOptionTests {
  private static let ways = ["auto", "kernels", "im2col"]

  /// Neither the search nor a claim depends on it, in either mode.
  @Test(arguments: [[], ["--mode", "calibrated", "--calibration", Folder.data]])
  func ticketsAreTheSameToTheByte(mode: [String]) throws {
    let folder = try Folder()
    var bytes: [Data] = []
    for way in Self.ways {
      let run = try ToolRun(
        [
          "prune", Folder.target, "--width", "300", "--seed", "5", "--data", Folder.data, "--force", "--convolution",
          way, "-o", Folder.ticket,
        ] + mode, in: folder)
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      bytes.append(try folder.bytes(Folder.ticket))
    }
    #expect(Set(bytes).count == 1)
    for way in Self.ways {
      let verified = try ToolRun(
        "verify", Folder.ticket, "--target", Folder.target, "--data", Folder.data, "--json", "--convolution", way,
        in: folder)
      #expect(verified.status == 0, "\(verified.errors)")
      #expect(try verified.json()["agrees"] as? Bool == true)
    }
  }

  @Test func comparisonsTimeTheWayThatWasChosen() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    var accuracies: [[Double?]] = []
    for way in Self.ways {
      let run = try ToolRun(
        "compare", Folder.ticket, "--target", Folder.target, "--data", Folder.data, "--json", "--convolution", way,
        in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let figures = try run.json()
      #expect(figures["convolution"] as? String == way)
      let rows = try #require(figures["networks"] as? [[String: Any]])
      #expect(rows.allSatisfy { ($0["latency_milliseconds"] as? Double ?? 0) > 0 })
      accuracies.append(rows.map { $0["accuracy"] as? Double })
    }
    #expect(accuracies.allSatisfy { $0 == accuracies[0] })
  }

  @Test func otherWaysAreRefused() throws {
    let folder = try Folder()
    try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--convolution", "direct", in: folder
    ).expectBadInput("--convolution", "direct")
  }

  /// The first name of the default.
  @Test func automaticIsAutoStill() throws {
    let folder = try Folder()
    let run = try ToolRun(
      "run", Folder.target, "--data", Folder.data, "-o", "y.npz", "--convolution", "automatic", "--json", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.json()["convolution"] as? String == "auto")
  }
}
