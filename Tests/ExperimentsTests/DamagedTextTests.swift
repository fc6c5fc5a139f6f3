import Experiments
import Files
import Foundation
import ModelFiles
import SubsetSum
import Testing

/// Damaged and oversized specifications and JSON: an error of one line with its place, in little
/// time and memory.
@Suite struct DamagedTextTests {
  private func readTOML(_ text: String) -> FileError? {
    do throws(FileError) {
      _ = try SweepFile(text, source: "grid.toml", solvers: [GreedyFlips(), MeetInTheMiddle()])
      return nil
    } catch { return error }
  }

  /// Reads figures, and draws all that they allow.
  private func readJSON(_ data: Data) throws -> FileError? {
    do {
      let figures = try TicketFigures(data, source: "ticket.json")
      for plot in TicketPlot.allCases {
        do { _ = try GnuplotScript(try plot.chart(of: [figures]), format: .svg) } catch is ExperimentError {}
      }
      return nil
    } catch let error as FileError { return error }
  }

  private static let grid = """
    seed = "7"
    trials = 5
    dimension = [1, 2]
    count = { from = 4, to = 8, step = 2 }
    epsilon = [0.1, 1e-2]
    candidates = ["nsn", { features = 2 }]
    target = [{ uniform = 0.5 }, "zero"]
    solver = ["exact", "greedy"]
    norm = "max" # the norm

    """

  private static let ticket = """
    {"width": 9, "seed": "1", "mode": "weights", "solver": "greedy", "target": "a \\"b\\".onnx", "target_accuracy": 0.5,
    "ticket_accuracy": 0.25, "complete": true, "kept_filters": 3, "empty_set_error": 1.5, "certified_error": null,
    "blocks": [{"layer": 1, "channel": 0, "half": "positive", "candidates": 9, "kept": 3, "error": 0.125},
    {"layer": 2, "channel": 1, "half": "negative", "candidates": 9, "kept": 0, "error": 1e-3, "empty_set_error": 2}]}
    """

  /// A text with bytes changed, taken out, doubled, or numbers put in the place of others.
  private func damaged(_ text: String, _ generator: inout SplitMix64) -> Data {
    var bytes = Array(text.utf8)
    let values = [
      "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e400", "-1", "0", "nan", "inf", "0x7F",
      "[]", "{}", "\"\"", "[[[[1]]]]", "null", "true", "1979-05-27", "{ from = 1, to = 1000000000000 }", "\u{7F}", "\n",
      " ",
    ].map { Array($0.utf8) }
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      let length = min(bytes.count - place, Int.random(in: 0...6, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes.removeSubrange(place..<place + length)
      case 2: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 3: bytes.insert(contentsOf: values[Int.random(in: 0..<values.count, using: &generator)], at: place)
      default:
        let places = bytes.indices.filter { bytes[$0] >= 0x30 && bytes[$0] <= 0x39 }
        if let digit = places.randomElement(using: &generator) {
          bytes.replaceSubrange(digit...digit, with: values[Int.random(in: 0..<values.count, using: &generator)])
        }
      }
      if bytes.isEmpty { bytes = [0x20] }
    }
    return Data(bytes)
  }

  private func expectLine(_ error: FileError, _ source: String) {
    let line = error.description
    let breaks = line.count { $0.isNewline }
    #expect(line.hasPrefix(source) && line.contains("expected") && line.contains("found"), "\(line)")
    #expect(breaks == 0, "\(line)")
  }

  @Test func damagedSpecificationsAreReadOrRefused() {
    #expect(readTOML(Self.grid) == nil)
    var generator = SplitMix64(state: 3)
    var refused = 0
    for _ in 0..<1500 {
      let bytes = damaged(Self.grid, &generator)
      if let error = readTOML(String(decoding: bytes, as: UTF8.self)) {
        refused += 1
        expectLine(error, "grid.toml")
      }
    }
    #expect(refused > 500)
  }

  @Test func damagedFiguresAreReadOrRefused() throws {
    #expect(try readJSON(Data(Self.ticket.utf8)) == nil)
    var generator = SplitMix64(state: 4)
    var refused = 0
    for _ in 0..<1500 {
      if let error = try readJSON(damaged(Self.ticket, &generator)) {
        refused += 1
        expectLine(error, "ticket.json")
      }
    }
    #expect(refused > 500)
  }

  private static func deep(_ open: String, _ inner: String, _ close: String, _ count: Int = 20000) -> String {
    String(repeating: open, count: count) + inner + String(repeating: close, count: count)
  }

  @Test(arguments: [
    (grid + "[a" + deep(".a", "]\n", ""), "line 10", "16 levels"),
    (grid + "a" + deep(".a", " = 1\n", ""), "line 10", "16 levels"),
    (grid + "a = " + deep("[", "1", "]"), "line 10", "16 levels"),
    (grid + "a = " + deep("{ a = ", "1", " }"), "line 10", "16 levels"),
    (grid + "[[x]]\n[x" + deep(".'x'", "]\n", ""), "line 11", "16 levels"),
    (grid + "a = \"" + deep("[", "", "") + "\"\n", "line 10, key 'a'", "one of the keys"),
    (grid + "a = 1979-05-27 \n", "line 10", "a number"),
    (grid + "a = [}]\n", "line 10", "a value"),
    (grid + "a = [1, \u{A0}2]\n", "line 10", "a value"),
    (grid + "a = [\u{C}]\n", "byte", "TOML"),
    (grid + "a = [1, 1979-05-27\t# a comment\n]\n", "line 10", "a number"),
    (String(repeating: "# 0123456789\n", count: 100_000), "", "at most 1048576 bytes"),
    (grid + "size = [" + deep("1,", "", "", 110_000) + "]\n", "line 10, key 'size'", "at most 100000"),
    (
      "count = { from = 0, to = 1000000000000 }\nseed = 1\ntrials = 1\ndimension = 1\n", "line 1, key 'count'",
      "at most 100000"
    ),
    (
      "count = { from = 0, to = 99999 }\nseed = 1\ntrials = 1\nsolver = 'greedy'\ndimension = [1, 2]\n",
      "line 1, key 'count'", "cells"
    ),
    (
      "count = 4\nseed = 1\ntrials = 9000000000000000000\ndimension = [1, 2]\n", "line 3, key 'trials'",
      "in all cells together"
    ),
    (
      "count = 2000000000\nseed = 1\ntrials = 1\ndimension = 1000000\nsolver = 'greedy'\n", "line 1, key 'count'",
      "coordinates in a trial"
    ),
    (
      "count = 1000000\nseed = 1\ntrials = 1\ndimension = 1\nsolver = 'greedy'\ncandidates = { features = 65536 }\n",
      "line 6, key 'candidates'", "numbers to draw a trial"
    ),
    (
      "count = 9\nseed = 1\ntrials = 1\nkernel = { from = 1, to = 1024 }\nchannels_out = { from = 1, to = 100000 }\n",
      "line 4, key 'kernel'", "pairs of kernel"
    ),
    (
      "count = [9, 8]\nseed = 1\ntrials = 1\ndimension = 1\nsolver = 'greedy'\nsize = ['any', 2]\n",
      "line 5, key 'solver'", "count 9: greedy"
    ),
    (
      "count = [9, 61]\nseed = 1\ntrials = 1\ndimension = 2\nsolver = 'meet-in-the-middle'\n",
      "line 5, key 'solver'",
      "at most 60"
    ),
    (
      "count = 9\nseed = 1\ntrials = 1\ndimension = 2\ntarget = { uniform = 1e101 }\n", "line 5, key 'target.uniform'",
      "at most 1e+100"
    ),
  ])
  func aSpecificationThatIsTooLargeIsRefusedWhereItIs(text: String, place: String, expected: String) throws {
    let error = try #require(readTOML(text))
    expectLine(error, "grid.toml: \(place)".trimmingCharacters(in: .whitespaces))
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test(arguments: [
    (deep("[", "1", "]"), "line 1", "levels"),
    (deep("{\"a\":", "1", "}"), "line 1", "levels"),
    ("[" + deep("1,\n", "", "", 1_100_000) + "1]", "line 1048", "1048576 values"),
    (String(repeating: " ", count: 1 << 25) + "{}", "", "at most 33554432 bytes"),
    ("{\"width\": 1, \"width\": 2}", "line 1, key 'width'", "each key once"),
    ("{\"width\": NaN}", "line 1", "a value"),
    ("{\"width\": 01}", "line 1", "a value"),
    ("{\"width\": 1.}", "line 1", "a value"),
    ("{\"width\": 1e999}", "line 1", "64 bits"),
    ("{\"width\": \"\\ud800\"}", "line 1", "surrogate"),
    ("{\"width\": \"\n\"}", "line 1", "control characters"),
    ("{\"width\": 1} x", "line 1", "end of the file"),
    (ticket.replacing("0.125", with: "1e300"), "key 'blocks[0]', key 'error'", "1e+150"),
    (ticket.replacing("\"kept\": 3", with: "\"kept\": 1e15"), "key 'blocks[0]', key 'kept'", "a whole number"),
    (ticket.replacing("weights", with: String(repeating: "w", count: 5000)), "key 'mode'", "4096 bytes"),
  ])
  func figuresThatAreTooLargeAreRefusedWhereTheyAre(text: String, place: String, expected: String) throws {
    let error = try #require(try readJSON(Data(text.utf8)))
    expectLine(error, "ticket.json: \(place)".trimmingCharacters(in: .whitespaces))
    #expect(error.description.contains(expected), "\(error)")
  }
}
