import Convolution
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Pruning
import Synchronization
import TestSupport
import Testing
import Tickets

/// A small target, 2 → 3 → 2 channels, its ticket, and made-up claims.
enum SampleTicket {
  static func target() throws -> Network<Float> {
    var random = SplitMix64(seed: 11)
    func convolution(_ inputs: Int, _ outputs: Int) throws -> Network<Float>.Operation {
      let kernel = (0..<9 * inputs * outputs).map { _ in Float.random(in: -0.5...0.5, using: &random) }
      return .convolution(
        try Convolution(window: .same(3), inputChannels: inputs, outputChannels: outputs, kernel: kernel))
    }
    let pool = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
    let operations: [(String, Network<Float>.Operation)] = [
      ("image", .input), ("first", try convolution(2, 3)), ("first/relu", .rectifier), ("pool", .pooling(pool)),
      ("second", try convolution(3, 2)), ("average", .globalAveragePooling), ("flat", .flatten),
    ]
    return try Network(
      inputShape: ImageShape(height: 6, width: 4, channels: 2),
      nodes: operations.enumerated().map { index, operation in
        .init(name: operation.0, operation: operation.1, inputs: index == 0 ? [] : [index - 1])
      })
  }

  static func search(seed: UInt64 = .max - 1) throws -> TicketSearch {
    try TicketSearch(Target(target()), seed: seed, width: 60)
  }

  /// A target with biases, a residual addition and a dense layer over 2 × 3 pixels.
  static func wideTarget() throws -> Network<Float> {
    var random = SplitMix64(seed: 12)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &random) } }
    let first = try Convolution(
      window: .same(3), inputChannels: 2, outputChannels: 3, kernel: values(54), bias: values(3))
    let second = try Convolution(window: .same(3), inputChannels: 3, outputChannels: 3, kernel: values(81))
    let pool = Pooling(
      .average, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2, roundsUp: true))
    let (weights, bias) = (values(36), values(2))
    var net = NetworkBuilder<Float>(
      inputShape: ImageShape(height: 3, width: 5, channels: 2), inputName: "image")
    var value = try net.append("first", .convolution(first), to: [net.input])
    let rectified = try net.append("relu", .rectifier, to: [value])
    value = try net.append("second", .convolution(second), to: [rectified])
    value = try net.append("add", .addition, to: [value, rectified])
    value = try net.append("pool", .pooling(pool), to: [value])
    value = try net.append("flat", .flatten, to: [value])
    value = try net.dense("fc", weights: weights, outputs: 2, bias: bias, to: value)
    return try net.network(output: value)
  }

  static func wideTicket() throws -> Ticket { try TicketSearch(Target(wideTarget()), seed: 3, width: 60).run().ticket }

  static func file() throws -> TicketFile {
    var claims = Claims(
      keptFilters: 3, totalFilters: 600, maxWeightError: 0.1, emptySetError: 0.5, bitsPerWeight: 1.0 / 3,
      blockErrors: [0.1, Double.leastNonzeroMagnitude])
    claims.ticketAccuracy = 0.875
    return TicketFile(ticket: try search().run().ticket, claims: claims, targetFileDigest: "abc")
  }
}

@Suite struct TicketFileTests {
  @Test func readsBackAndRepeats() throws {
    let folder = try TemporaryFolder()
    let file = try SampleTicket.file()
    let path = folder.file("ticket.safetensors")
    try file.write(to: path, force: false)
    let read = try TicketFile(contentsOf: path)
    #expect(read.ticket == file.ticket && read.claims == file.claims && read.targetFileDigest == "abc")
    #expect(read.isIntact && read.generator == TicketSearch.generator)
    try read.requireIntact()
    #expect(try read.serialized() == Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(read.ticket.seed == UInt64.max - 1, "seeds beyond 2^53 survive")
    expectFileError(.exists, "ticket.safetensors") { try file.write(to: path, force: false) }
    try file.write(to: path, force: true)
  }

  @Test func biasesAndAdditionsReadBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("ticket.safetensors")
    let ticket = try SampleTicket.wideTicket()
    #expect(ticket.biases.map { $0?.count } == [3, nil, 2])
    try TicketFile(ticket: ticket, claims: nil).write(to: path, force: false)
    let read = try TicketFile(contentsOf: path)
    #expect(read.ticket == ticket && read.isIntact)
    #expect(read.ticket.biases.map { $0?.map(\.bitPattern) } == ticket.biases.map { $0?.map(\.bitPattern) })
    #expect(try read.ticket.prunedNetwork() == ticket.prunedNetwork())

    var file = try SafetensorsFile(path: path)
    func expectEdited(_ change: (inout SafetensorsFile) throws -> Void) throws {
      var edited = file
      try change(&edited)
      try edited.serialized().write(to: URL(fileURLWithPath: folder.file("edited")))
      let isIntact = try? TicketFile(contentsOf: folder.file("edited")).isIntact
      #expect(isIntact != true)
    }
    let place = try #require(file.tensors.firstIndex { $0.name == "layer1.bias" })
    let bias = try file.tensors[place].floats()
    try expectEdited {
      $0.tensors[place] = try SafetensorsTensor(
        name: "layer1.bias", shape: [3], floats: [bias[0].nextUp] + bias.dropFirst())
    }
    try expectEdited { $0.tensors.remove(at: place) }
    try expectEdited {
      $0.tensors[place] = try SafetensorsTensor(name: "layer2.bias", shape: [3], floats: bias)
    }
    // A bias of a layer that there is not.
    file.tensors.append(try SafetensorsTensor(name: "layer9.bias", shape: [1], floats: [1]))
    try file.serialized().write(to: URL(fileURLWithPath: folder.file("more")))
    expectFileError(.malformed, "candidates") { _ = try TicketFile(contentsOf: folder.file("more")) }
  }

  /// A ticket written by version 0.1, before tickets could hold biases: it reads, and is written
  /// the same.
  @Test func ticketsOfBeforeBiasesStillRead() throws {
    let path = Repository.root + "/Tests/Fixtures/tickets/without-biases.safetensors"
    let file = try TicketFile(contentsOf: path)
    #expect(file.isIntact && file.ticket.keptFilters == 204 && file.ticket.biases == [nil])
    #expect(try file.serialized() == Data(contentsOf: URL(fileURLWithPath: path)))
    let target = try ONNXModel.network(fromFile: Repository.networks + "/global-average.onnx")
    #expect(try Target(target).digest == file.ticket.targetDigest)
  }

  /// Changes one file after another, every key and every tensor of it; none passes for the
  /// original.
  @Test func everyEditIsNoticed() throws {
    let folder = try TemporaryFolder()
    let original = try SafetensorsFile(bytes: try SampleTicket.file().serialized(), source: "original")
    func isNoticed(_ edited: SafetensorsFile) throws -> Bool {
      let path = folder.file("edited.safetensors")
      try edited.serialized().write(to: URL(fileURLWithPath: path))
      do { return try !TicketFile(contentsOf: path).isIntact } catch let error {
        #expect(error is FileError || error is TicketError, "\(error)")
        return true
      }
    }
    #expect(try !isNoticed(original))
    #expect(original.metadata.count >= 14)
    for (key, value) in original.metadata {
      var edited = original
      edited.metadata[key] = nil
      #expect(try isNoticed(edited), "without \(key)")
      for other in ["", value + " ", "1", "[]", "{}", "null", String(value.dropLast()) + "2"] where other != value {
        edited.metadata[key] = other
        #expect(try isNoticed(edited), "\(key) changed to \(other)")
      }
    }
    var more = original
    more.metadata["comment"] = "hello"
    #expect(try isNoticed(more))
    #expect(original.tensors.count == 7)
    for (index, tensor) in original.tensors.enumerated() {
      let kept = try tensor.uint32s()
      var changes = [kept + [119], kept + [500], kept.reversed() + [0]]
      if !kept.isEmpty { changes += [Array(kept.dropLast()), [kept[0] ^ 1] + kept.dropFirst()] }
      for change in changes {
        var edited = original
        edited.tensors[index] = try SafetensorsTensor(name: tensor.name, shape: [change.count], uint32s: change)
        #expect(try isNoticed(edited), "\(tensor.name) changed")
      }
      var edited = original
      edited.tensors.remove(at: index)
      #expect(try isNoticed(edited), "without \(tensor.name)")
      edited = original
      edited.tensors[index] = try SafetensorsTensor(name: tensor.name + "x", shape: [kept.count], uint32s: kept)
      #expect(try isNoticed(edited), "\(tensor.name) renamed")
      edited.tensors[index] = try SafetensorsTensor(
        name: tensor.name, shape: [kept.count], floats: kept.map { Float($0) })
      #expect(try isNoticed(edited), "\(tensor.name) of another type")
    }
  }

  @Test func whatIsNoTicketSaysWhy() throws {
    let folder = try TemporaryFolder()
    func write(_ file: SafetensorsFile) throws -> String {
      let path = folder.file("other.safetensors")
      try file.serialized().write(to: URL(fileURLWithPath: path))
      return path
    }
    let bare = try write(SafetensorsFile(tensors: []))
    expectFileError(.unsupported, "other.safetensors", "tombola-ticket version 1", "no format") {
      _ = try TicketFile(contentsOf: bare)
    }
    var newer = try SafetensorsFile(bytes: try SampleTicket.file().serialized(), source: "")
    newer.metadata["format_version"] = "2"
    let path = try write(newer)
    expectFileError(.unsupported, "tombola-ticket version 1", "version 2") { _ = try TicketFile(contentsOf: path) }
  }

  @Test(.enabled(if: Python.hasSafetensors)) func thePublicLibraryReadsIt() throws {
    let folder = try TemporaryFolder()
    let file = try SampleTicket.file()
    try file.write(to: folder.file("ticket.safetensors"), force: false)
    let output = try Python.run(
      """
      import sys, json, safetensors
      with safetensors.safe_open(sys.argv[1], "np") as ticket:
        metadata = ticket.metadata()
        print(metadata["seed"], json.loads(metadata["layer_graph"])["layers"][1]["output_channels"])
        for name in sorted(ticket.keys()): print(name, *ticket.get_tensor(name))
      """, folder.file("ticket.safetensors"))
    let lines = file.ticket.blocks.map { block in
      let name = "layer\(block.address.layer).channel\(block.address.channel).\(block.address.half.rawValue)"
      return ([name] + block.kept.map(String.init)).joined(separator: " ")
    }
    #expect(output == (["\(UInt64.max - 1) 2"] + lines.sorted()).joined(separator: "\n") + "\n")
  }
}

@Suite struct CheckpointFileTests {
  @Test func readsBackAndResumes() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("search.checkpoint")
    let search = try SampleTicket.search()
    let whole = try search.run(
      workers: 1,
      blockFound: { checkpoint in
        if checkpoint.blocks.count == 3 { try? CheckpointFile.write(checkpoint, to: path) }
      })
    let checkpoint = try CheckpointFile.read(path)
    #expect(checkpoint.blocks.count == 3)
    #expect(try search.run(resuming: checkpoint).ticket == whole.ticket)
    #expect(throws: PruningError.self) { try SampleTicket.search(seed: 5).run(resuming: checkpoint) }
  }

  /// What stopped a block is kept, and no bit of the file can change unnoticed: one that still
  /// reads as a checkpoint reads as the same.
  @Test func aDamagedCheckpointIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("c")
    let found = Mutex<SearchCheckpoint?>(nil)
    _ = try SampleTicket.search().run(workers: 1) { checkpoint in found.withLock { $0 = checkpoint } }
    var checkpoint = try #require(found.withLock { $0 })
    checkpoint.limited = [checkpoint.blocks[1].address, checkpoint.blocks[2].address]
    checkpoint.part = try SearchShard(2, of: 5)
    try CheckpointFile.write(checkpoint, to: path)
    #expect(try CheckpointFile.read(path) == checkpoint)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var refused = 0
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1
      try damaged.write(to: URL(fileURLWithPath: path))
      do { #expect(try CheckpointFile.read(path) == checkpoint, "byte \(place)") } catch is FileError { refused += 1 }
    }
    #expect(refused > bytes.count * 9 / 10, "\(refused) of \(bytes.count)")
  }

  @Test func aTicketIsNoCheckpoint() throws {
    let folder = try TemporaryFolder()
    try SampleTicket.file().write(to: folder.file("ticket.safetensors"), force: false)
    expectFileError(.unsupported, "tombola-checkpoint", "tombola-ticket") {
      _ = try CheckpointFile.read(folder.file("ticket.safetensors"))
    }
  }
}
