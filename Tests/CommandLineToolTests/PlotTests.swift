import Experiments
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `tombola plot` as a program, on the JSON that `prune` prints.
@Suite(.enabled(if: Gnuplot.executable() != nil, "needs gnuplot")) struct PlotTests {
  /// A folder with the JSON of three small tickets: `a.json`, `b.json`, `c.json`.
  private func folder() throws -> Folder {
    let folder = try Folder()
    for (name, width, seed) in [("a", "100", "1"), ("b", "300", "1"), ("c", "300", "2")] {
      let run = try ToolRun(
        "prune", Folder.target, "--width", width, "--seed", seed, "--data", Folder.data, "--json", "--force", "-o",
        Folder.ticket, in: folder)
      #expect(run.status == 0, "\(run.errors)")
      try folder.write(Data(run.output.utf8), to: "\(name).json")
    }
    return folder
  }

  @Test func everyKindIsDrawnFromPrunesJSON() throws {
    let folder = try folder()
    for (arguments, kind, words) in [
      (["a.json", "b.json", "c.json"], "accuracy of 3 tickets", ["weights", "test accuracy (%)", "target: "]),
      (["a.json"], "layers of 1 ticket", ["layer", "weights, width 100, seed 1", "empty set"]),
      (["b.json", "a.json", "--kind", "layers"], "layers of 2 tickets", ["weights, width 300, seed 1"]),
      (["c.json", "--kind", "filters"], "filters of 1 ticket", ["positive half", "negative half", "layer 2"]),
    ] {
      let run = try ToolRun(["plot"] + arguments + ["-o", "out.svg", "--force"], in: folder)
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      #expect(run.output == "out.svg: \(kind)\n")
      let bytes = try folder.bytes("out.svg")
      #expect(XMLParser(data: bytes).parse())
      for word in words { #expect(String(decoding: bytes, as: UTF8.self).contains(word), "\(word)") }
    }
    #expect(try ToolRun("plot", "a.json", "-o", "out.png", in: folder).status == 0)
    #expect(try folder.bytes("out.png").starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
  }

  @Test func neitherNamesNorSettingsNorLocaleChangeAPicture() throws {
    let folder = try Folder()
    let ticket = """
      {"width": 9, "seed": "1", "mode": "]]> <b> & \\u0007", "complete": true, "empty_set_error": 1.5, "blocks":
      [{"layer": 1, "channel": 0, "half": "positive", "candidates": 9, "kept": 3, "error": 0.125}]}
      """
    try folder.write(Data(ticket.utf8), to: "a.json")
    try folder.write(Data("set terminal dumb\nthis is no command\n".utf8), to: ".gnuplot")
    let settings = [
      "GNUTERM": "x11", "GNUPLOT_LIB": "/none", "GNUPLOT_FONTPATH": "/none", "DISPLAY": ":9", "HOME": folder.path,
      "LC_ALL": "de_DE.UTF-8",
    ]
    var pictures: [Data] = []
    for environment in [[:], settings] {
      for arguments in [
        ["plot", "a.json", "-o", "o.svg", "--force"], ["report", "a.json", "-o", "o.html", "--force"],
      ] {
        let run = try ToolRun(arguments, in: folder, environment: environment)
        #expect(run.status == 0, "\(run.errors)")
        pictures.append(try folder.bytes(arguments[3]))
      }
    }
    for picture in pictures { #expect(XMLParser(data: picture).parse()) }
    #expect(pictures[0] == pictures[2] && pictures[1] == pictures[3])
  }

  @Test func badInputIsNamed() throws {
    let folder = try folder()
    try ToolRun("plot", "none.json", "-o", "o.svg", in: folder).expectBadInput("none.json")
    try ToolRun("plot", Folder.target, "-o", "o.svg", in: folder).expectBadInput(Folder.target, "JSON")
    try ToolRun("plot", "a.json", "-o", "o.pdf", in: folder).expectBadInput("o.pdf", ".svg or .png", "'.pdf'")
    try ToolRun("plot", "a.json", "--kind", "pie", "-o", "o.svg", in: folder).expectBadInput(
      "--kind", "'pie'", "filters")
    try ToolRun("plot", "a.json", "b.json", "--kind", "filters", "-o", "o.svg", in: folder).expectBadInput("one file")
    try ToolRun("plot", "a.json", "a.json", "-o", "o.svg", in: folder).expectBadInput("seed 1 in both")
    try folder.write(Data(#"{"width": 3}"#.utf8), to: "short.json")
    try ToolRun("plot", "short.json", "-o", "o.svg", in: folder).expectBadInput("short.json", "'seed'", "no such key")
    let bare = try folder.prune("--json", "--force")
    try folder.write(Data(bare.output.utf8), to: "bare.json")
    try ToolRun("plot", "bare.json", "--kind", "accuracy", "-o", "o.svg", in: folder)
      .expectBadInput("bare.json", "ticket_accuracy", "--data")
    #expect(!folder.exists("o.svg"))
    try folder.write(Data("kept".utf8), to: "o.svg")
    try ToolRun("plot", "a.json", "-o", "o.svg", in: folder).expectBadInput("o.svg", "--force")
    #expect(try folder.bytes("o.svg") == Data("kept".utf8))
  }

  @Test func aMissingOrBrokenGnuplotIsNamed() throws {
    let folder = try folder()
    let environment = ["PATH": folder.path]
    try ToolRun(["plot", "a.json", "-o", "o.svg"], in: folder, environment: environment)
      .expectBadInput("gnuplot", "on PATH", "apt-get install gnuplot-nox")
    try folder.write(Data("#!/bin/sh\necho it broke >&2\nexit 7\n".utf8), to: "gnuplot")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("gnuplot"))
    try ToolRun(["plot", "a.json", "-o", "o.svg"], in: folder, environment: environment)
      .expectBadInput("gnuplot", "exit status 7", "it broke")
    // Ending well without a picture is no success.
    try folder.write(Data("#!/bin/sh\nexit 0\n".utf8), to: "gnuplot")
    try ToolRun(["plot", "a.json", "-o", "o.svg"], in: folder, environment: environment)
      .expectBadInput("gnuplot", "a picture", "nothing")
    #expect(!folder.exists("o.svg"))
  }
}
