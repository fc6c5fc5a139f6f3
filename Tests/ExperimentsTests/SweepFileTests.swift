import Experiments
import Files
import Foundation
import ModelFiles
import SubsetSum
import Testing

/// Specifications in TOML: what they may say, and where errors say they are.
@Suite struct SweepFileTests {
  private func read(_ text: String) throws(FileError) -> SweepFile {
    try SweepFile(text, source: "grid.toml", solvers: [GreedyFlips(), BeamSearch(), MeetInTheMiddle()])
  }

  @Test func allKeysAreRead() throws {
    let file = try read(
      """
      # A comment, with key = 3
      seed = "18446744073709551615"
      trials = 7
      kernel = [1, 3]
      channels_out = [1, 2]
      count = { from = 10, to = 31, step = 10 }
      epsilon = [0.5, 1e-3]
      candidates = ["nsn", "product"]
      target = ["zero", { uniform = 0.5 }, { normal = 2 }]
      solver = ["exact", "beam"]
      norm = ["l2", "max"]
      size = ["any", 3]
      work_limit = 1000

      """)
    let found = file.specification
    #expect(found.seed == .max && found.trials == 7 && found.workLimit == 1000)
    #expect(found.dimensions == [1, 2, 9, 18] && found.counts == [10, 20, 30] && found.epsilons == [0.5, 1e-3])
    #expect(found.candidates.map(\.name) == ["nsn", "product"] && found.sizes == [nil, 3])
    #expect(found.targets.map(\.name) == ["zero", "uniform 0.5", "normal 2.0"])
    #expect(found.methods.map(\.name) == ["exact", "beam"] && found.norms == [.euclidean, .maximum])
    #expect(found.cellCount == 4 * 3 * 2 * 3 * 2 * 2 * 2)
    // Written another way, the same sweep.
    let again = try read(
      """
      dimension=[1,2,9,18]
      count=[10,20,30]
      "seed" = "18446744073709551615"
      trials = 0x7
      epsilon = [
        0.5,  # with a comment ]
        0.001,
      ]
      candidates = ['nsn', "product"]
      target = ["zero", {uniform = 0.5}, {normal = 2.0}]
      solver = ["exact", "beam"]
      norm = ["l2", "max"]
      size = ["any", 3]
      work_limit = 1_000
      """)
    #expect(again.specification.canonicalText == found.canonicalText && again.specification.digest == found.digest)
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let found = try read("dimension = 2\ncount = 6\ntrials = 1\nseed = 0").specification
    #expect(found.candidates.map(\.name) == ["nsn"] && found.targets.map(\.name) == ["uniform 0.5"])
    #expect(found.methods.map(\.name) == ["exact"] && found.norms == [.maximum] && found.sizes == [nil])
    #expect(found.epsilons.isEmpty && found.workLimit == nil)
    let other = try read("dimension = 2\ncount = 6\ntrials = 1\nseed = 1").specification
    #expect(other.digest != found.digest)
  }

  private static let start = "seed = 1\ntrials = 2\n\n"

  @Test(arguments: [
    ("count = 4\ndimension = 1\ncuont = 5\n", "line 6, key 'cuont'", "dimension, kernel", "another key"),
    ("count = 4\ndimension = 1\n[grid]\nx = 1\n", "line 6, key 'grid'", "one of the keys", "another key"),
    ("count = 4\ndimension = \n", "line 5", "TOML", "value"),
    ("count = [4, 4]\ndimension = 1\n", "line 4, key 'count'", "differ", "4 twice"),
    ("count = 4.5\ndimension = 1\n", "line 4, key 'count'", "an integer", "4.5"),
    ("count = { from = 4, until = 5 }\ndimension = 1\n", "line 4, key 'count.until'", "from, to, step", "another key"),
    ("count = { from = 4 }\ndimension = 1\n", "line 4, key 'count'", "range", "a table of from"),
    ("count = { from = 9, to = 4 }\ndimension = 1\n", "line 4, key 'count'", "from ≤ to", "9 to 4"),
    ("count = { from = 1, to = 4, step = 0 }\ndimension = 1\n", "line 4, key 'count.step'", "at least 1", "0"),
    ("count = 4\n", "key 'dimension'", "kernel and channels_out", "none"),
    ("dimension = 4\n", "key 'count'", "a value", "none"),
    ("count = 4\nkernel = 3\n", "key 'dimension'", "both kernel", "none"),
    ("count = 4\ndimension = 1\nkernel = 3\nchannels_out = 1\n", "line 6, key 'kernel'", "no dimension", "one"),
    ("count = 4\ndimension = 0\n", "line 5, key 'dimension'", "1 to 1048576", "0"),
    ("count = 4\ndimension = 1\ncandidates = \"gauss\"\n", "line 6, key 'candidates'", "nsn, normal", "'gauss'"),
    (
      "count = 4\ndimension = 1\nsolver = [\"exact\", \"best\"]\n", "line 6, key 'solver'", "exact, exists, greedy",
      "'best'"
    ),
    ("count = 4\ndimension = 1\nnorm = 2\n", "line 6, key 'norm'", "max, l2", "2"),
    ("count = 4\ndimension = 1\ntarget = { uniform = -1 }\n", "line 6, key 'target.uniform'", "above 0", "-1"),
    (
      "count = 4\ndimension = 1\ntarget = { uniform = 1, normal = 1 }\n", "line 6, key 'target'", "zero",
      "normal, uniform"
    ),
    ("count = 4\ndimension = 1\n\"target\".\"uniform\" = 0\n", "line 6, key 'target.uniform'", "above 0", "0"),
    ("count = 4\ndimension = 1\nsize = 5\n", "line 6, key 'size'", "0 to 4", "5"),
    ("count = 4\ndimension = 1\nsize = \"all\"\n", "line 6, key 'size'", "any", "'all'"),
    ("count = 4\ndimension = 1\nepsilon = [0.1, -0.1]\n", "line 6, key 'epsilon'", "above 0", "-0.1"),
    ("count = 4\ndimension = 1\nepsilon = nan\n", "line 6, key 'epsilon'", "above 0", "nan"),
    ("count = 4\ndimension = 1\nepsilon = 1979-05-27\n", "line 6, key 'epsilon'", "above 0", "date"),
    ("count = 4\ndimension = 1\nwork_limit = -1\n", "line 6, key 'work_limit'", "from 0", "-1"),
    ("count = 4\ndimension = 1\nsolver = { first_hit = 0.1 }\n", "line 6, key 'solver'", "largest_size", "table"),
    (
      "count = 4\ndimension = 1\ncandidates = { features = 0 }\n", "line 6, key 'candidates.features'", "1 to 65536",
      "0"
    ),
    ("count = 4\ndimension = 1\nsize = \"n/0\"\n", "line 6, key 'size'", "n/2", "n/0"),
    ("count = 61\ndimension = 1\n", "line 4, key 'count'", "at most 60", "61"),
    ("count = 4\ncount = 5\ndimension = 1\n", "line 5", "TOML", "count"),
    ("count = 4\ndimension = 1\u{0}\n", "byte", "TOML", "NUL"),
  ])
  func anErrorNamesLineAndKey(text: String, place: String, expected: String, found: String) {
    do {
      _ = try read(Self.start + text)
      Issue.record("no error: \(text)")
    } catch {
      let line = error.description
      #expect(line.hasPrefix("grid.toml: \(place)"), "\(line)")
      for part in ["expected", "found", expected, found] { #expect(line.contains(part), "\(part): \(line)") }
    }
  }

  @Test func linesAreFoundAmongAllThatTOMLAllows() {
    let text = """
      norm = \"\"\"
      seed = 1
      escaped \\\"\"\" still\"\"
      \"\"\"
      solver = '''
      seed = 'z'
      '''
      target = [ "zero", # seed = 2 ]
        [ { uniform = 5, normal = [ 1, 2 ] } ], { } ]
      candidates = "seed = 1 # no comment \\"" # seed = 3
      size = ""
      work_limit = 1979-05-27T07:32:00Z
      'count' = 3
      trials = 1
      seed = -1
      """
    do {
      _ = try read(text)
      Issue.record("no error")
    } catch { #expect(error.description.hasPrefix("grid.toml: line 15, key 'seed'"), "\(error)") }
  }

  @Test func theShippedSpecificationsAreRead() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/experiments")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".toml") }
    #expect(!names.isEmpty)
    let solvers: [any Solver] = [GreedyFlips(), IteratedGreedy(), BeamSearch(), KList()]
    for name in names {
      _ = try SweepFile(contentsOf: folder.appending(path: name).path, solvers: solvers)
    }
  }
}
