import Foundation
import ModelFiles
import Testing

/// Names, JSON keys and codes that scripts rely on.
@Suite struct ContractTests {
  static let pruneKeys: Set<String> = [
    "target_accuracy", "ticket_accuracy", "unpruned_accuracy", "kept_filters", "total_filters", "max_weight_error",
    "empty_set_error", "certified_error", "bits_per_weight", "seconds", "peak_memory_bytes", "complete", "blocks",
  ]

  @Test func pruneAndVerifyPrintTheContractsKeys() throws {
    let folder = try Folder()
    let pruned = try folder.prune("--data", Folder.data, "--json")
    #expect(pruned.status == 0 && pruned.errors.isEmpty, "\(pruned.errors)")
    let figures = try pruned.json()
    #expect(Self.pruneKeys.isSubset(of: figures.keys))
    #expect(figures["seed"] as? String == "18446744073709551615")
    #expect(figures["complete"] as? Bool == true)
    #expect(figures["total_filters"] as? Int == 600 * 5)
    let blocks = try #require(figures["blocks"] as? [[String: Any]])
    // Two channels with two halves, three channels with the positive one.
    #expect(blocks.count == 7)
    #expect(blocks.reduce(0) { $0 + ($1["kept"] as! Int) } == figures["kept_filters"] as? Int)
    for block in blocks {
      #expect(Set(block.keys) == ["layer", "channel", "half", "candidates", "kept", "error", "empty_set_error"])
    }
    let errors = blocks.map { $0["error"] as! Double }
    #expect(errors.max() == figures["max_weight_error"] as? Double)
    #expect(blocks.map { $0["empty_set_error"] as! Double }.max() == figures["empty_set_error"] as? Double)
    #expect(figures["solver"] as? String == "population" && figures["target"] as? String == Folder.target)
    let met = try #require(figures["error_lower_bound"] as? Double)
    let onData = try #require(figures["error_on_data"] as? Double)
    #expect(figures["measured_error"] as? Double == max(met, onData))
    #expect(max(met, onData) <= figures["certified_error"] as! Double)

    let verified = try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--data", Folder.data, "--json", in: folder)
    #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)")
    let measured = try verified.json()
    #expect(Self.pruneKeys.union(["agrees"]).isSubset(of: measured.keys))
    #expect(measured["agrees"] as? Bool == true)
    #expect(measured["complete"] as? Bool == true && figures["missing"] == nil)
    // Seven blocks of some 300 candidates each; the target has 108 weights.
    let counts = try #require(figures["count_bits_per_weight"] as? Double)
    let expected = blocks.reduce(0.0) { $0 + log2(Double($1["candidates"] as! Int) + 1) } / 108
    #expect(abs(counts - expected) < 1e-12 * expected)
    #expect(measured["count_bits_per_weight"] as? Double == counts)
    for key in Self.pruneKeys.subtracting(["seconds", "peak_memory_bytes"]) {
      #expect(measured[key] as? NSObject == figures[key] as? NSObject, "\(key)")
    }
  }

  @Test func withoutDataFiguresAreNullAndNothingAgreesByAbsence() throws {
    let folder = try Folder()
    #expect(try folder.prune("--data", Folder.data).status == 0)
    let run = try ToolRun("verify", Folder.ticket, "--target", Folder.target, "--json", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let figures = try run.json()
    for key in ["target_accuracy", "ticket_accuracy", "unpruned_accuracy", "agrees"] {
      #expect(figures[key] is NSNull, "\(key)")
    }
    let unchecked = try #require(figures["unchecked"] as? [String])
    #expect(unchecked.contains { $0.contains("accuracies") && $0.contains("no data given") })
    #expect(unchecked.contains { $0.contains("mode") && $0.contains("search") && $0.contains("stated only") })
    let bare = try folder.prune("--json", "--force").json()
    #expect(bare["ticket_accuracy"] is NSNull && bare["images"] is NSNull)
  }

  @Test func theTableShowsTheSameFigures() throws {
    let folder = try Folder()
    let run = try folder.prune("--data", Folder.data)
    #expect(run.status == 0 && run.errors.isEmpty)
    for name in [
      "target accuracy", "unpruned random network", "ticket accuracy", "filters kept", "max weight error", "empty set",
      "certified error", "bits per weight", "seconds", "peak memory",
    ] { #expect(run.output.contains(name), "\(run.output)") }
    let again = try ToolRun("verify", Folder.ticket, "--target", Folder.target, "--data", Folder.data, in: folder)
    #expect(again.output.contains("yes: every figure was found again"))
    let accuracy = try #require(run.output.split(separator: "\n").first { $0.contains("ticket accuracy") })
    #expect(again.output.contains(accuracy))
  }

  @Test func theSameTicketForAnyThreads() throws {
    let folder = try Folder()
    for threads in ["1", "2", "5"] {
      let run = try folder.prune("--threads", threads, "--data", Folder.data, output: "ticket\(threads)")
      #expect(run.status == 0, "\(run.errors)")
      #expect(try folder.bytes("ticket\(threads)") == folder.bytes("ticket1"))
    }
    #expect(try folder.prune("--memory-limit", "32M", "--data", Folder.data, output: "less").status == 0)
    #expect(try folder.bytes("less") == folder.bytes("ticket1"))
  }

  @Test func iteratedGreedyComesNearer() throws {
    let folder = try Folder()
    func error(_ solver: String) throws -> Double {
      try #require(
        try folder.prune("--solver", solver, "--force", "--json").json()["max_weight_error"] as? Double)
    }
    #expect(try error("iterated-greedy") < error("greedy"))
  }

  @Test(arguments: [[], ["prune"], ["verify"], ["export"], ["info"]]) func helpIsAnAnswer(command: [String]) throws {
    let run = try ToolRun(command + ["--help"], in: Folder())
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("USAGE: tombola"))
  }

  @Test func exportAndInfoSayWhatTheyDid() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    for name in ["pruned.safetensors", "pruned.npz"] {
      for flags in [[], ["--collapsed"]] {
        let run = try ToolRun(["export", Folder.ticket, "-o", name, "--force"] + flags, in: folder)
        #expect(run.status == 0 && run.output.hasPrefix("\(name): "), "\(run.errors)")
        let info = try ToolRun("info", name, in: folder)
        #expect(info.status == 0 && info.output.contains("first.weight"))
        #expect(info.output.contains("first.scalars.sources") == flags.isEmpty)
      }
    }
    let ticket = try ToolRun("info", Folder.ticket, in: folder)
    #expect(ticket.output.hasPrefix("ticket\n") && ticket.output.contains("18446744073709551615"))
    let json = try ToolRun("info", Folder.target, "--json", in: folder).json()
    #expect(json["kind"] as? String == "onnx")
    #expect(try ToolRun("info", Folder.data, in: folder).output.hasPrefix("npz\n"))
  }

  @Test func collapsedExportIsTheSumOfKeptFilters() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    #expect(try ToolRun("export", Folder.ticket, "--collapsed", "-o", "c.npz", in: folder).status == 0)
    let target = try ONNXDocument(path: folder.file(Folder.target)).initializer("k2")!.floats()
    let collapsed = try NumPyArchive(path: folder.file("c.npz")).array("second.weight").floats()
    let error = zip(collapsed, target).map { abs($0 - $1) }.max()!
    let empty = target.map { abs($0) }.max()!
    #expect(error > 0 && error < 0.3 * empty)
  }
}
