import Files
import Foundation
import Testing

/// Manual pages and completions under `share` are those of the command as it is: `make manuals`
/// writes them again. The version stands in one place, and pages of the project say the same.
@Suite struct ManualTests {
  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: ToolRun.root + "/" + name, encoding: .utf8)
  }

  private func digest(_ text: String) -> String {
    var digest = SHA256Digest()
    digest.update(text)
    return digest.hexadecimal()
  }

  @Test(arguments: [
    ("bash", "share/bash-completion/completions/tombola"), ("zsh", "share/zsh/site-functions/_tombola"),
    ("fish", "share/fish/vendor_completions.d/tombola.fish"),
  ])
  func completionsAreTheCommands(shell: String, file: String) throws {
    let run = try ToolRun("--generate-completion-script", shell, in: Folder())
    let written = try text(file)
    #expect(run.status == 0 && run.output == written, "make manuals writes \(file) again")
  }

  @Test func manualPagesAreOfTheCommandsOptions() throws {
    let lines = try text("tools/manuals.sha256").split(separator: "\n").map { $0.components(separatedBy: "  ") }
    let description = try ToolRun("--experimental-dump-help", in: Folder())
    #expect(description.status == 0 && lines[0][1] == "tombola --experimental-dump-help")
    #expect(lines[0][0] == digest(description.output), "options changed: make manuals writes the pages again")
    for line in lines.dropFirst() {
      let found = digest(try text(line[1]))
      #expect(line[0] == found, "\(line[1]) was edited")
    }
    let pages = Set(lines.map { $0[1] })
    let help = try JSONSerialization.jsonObject(with: Data(description.output.utf8)) as? [String: Any]
    let command = try #require(help?["command"] as? [String: Any])
    let names = try #require(command["subcommands"] as? [[String: Any]]).compactMap { $0["commandName"] as? String }
    #expect(names.count >= 18)
    for name in names where name != "help" {
      #expect(pages.contains("share/man/man1/tombola.\(name).1"), "no page of \(name)")
    }
    #expect(pages.contains("share/man/man1/tombola.1"))
  }

  @Test func everyPageSaysTheSameVersion() throws {
    let version = try ToolRun("--version", in: Folder()).output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(version.contains(#/^\d+\.\d+\.\d+$/#))
    let heading = try text("CHANGELOG.md").split(separator: "\n").first { $0.hasPrefix("## ") }
    #expect(heading?.hasPrefix("## \(version) (") == true, "\(heading ?? "none")")
    let citation = try text("CITATION.cff").split(separator: "\n")
    #expect(citation.contains("version: \(version)"))
    let date = try #require(citation.first { $0.hasPrefix("date-released: ") }).dropFirst("date-released: ".count)
    #expect(heading?.hasSuffix("(\(date))") == true)
    let generator = "tombola " + version.split(separator: ".").prefix(2).joined(separator: ".")
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    #expect(String(decoding: try folder.bytes(Folder.ticket), as: UTF8.self).contains("\"\(generator)\""))
  }
}
