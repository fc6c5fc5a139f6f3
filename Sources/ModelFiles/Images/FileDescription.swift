import Files
import LinearAlgebra
import Convolution
import Foundation
import Tickets

/// What a file of any kind this project reads holds, in a few facts.
public struct FileDescription: Sendable, Encodable {
  /// "ticket", "onnx", "safetensors", "npz", "npy" or "idx".
  public let kind: String
  /// Facts in order: a name and its value.
  public let facts: [Fact]
  /// Whether the kind's checks passed; tickets only.
  public let isIntact: Bool?
  /// What is known of a model; ONNX only.
  public private(set) var network: NetworkDescription?
  /// Layers to draw, of a model that is read or a ticket.
  public private(set) var layers: [DescribedLayer]?

  /// One thing that a file holds, by name.
  public struct Fact: Sendable, Encodable {
    /// What is told of.
    public let name: String
    /// What is told.
    public let value: String
  }

  private enum CodingKeys: String, CodingKey {
    case kind, facts, network
    case isIntact = "intact"
  }

  /// Reads what says what a file holds; its first bytes decide the kind.
  ///
  /// Of arrays and tensors that are headers alone, checked against the file's size: elements are
  /// neither unpacked nor verified. Tickets and networks are read whole.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - options: what to take of a model that leaves a choice.
  /// - Throws: `FileError`, or `TicketError` for a ticket that contradicts itself. A model that is
  ///   valid but not read is described all the same.
  public init(contentsOf path: String, _ options: ONNXReadingOptions = ONNXReadingOptions()) throws {
    let source = try ByteSource(path: path)
    let start = [UInt8](try source.bytes(0..<min(10, source.count)))
    if CodedTicketFile.isStart(start) {
      let ticket = try TicketFile(reading: source)
      (kind, isIntact) = ("ticket", ticket.isIntact)
      facts = Self.facts(of: ticket, form: "coded", bytes: source.count)
      layers = DescribedLayer.list(of: ticket.ticket.graph)
    } else if start.starts(with: [0x50, 0x4B]) {
      let archive = try NumPyArchiveFile(source, maximumByteCount: .max)
      (kind, isIntact) = ("npz", nil)
      facts = archive.entries.map { Fact(name: $0.name, value: "\($0.elementType) \($0.shape)") }
    } else if start.starts(with: [0x93, 0x4E, 0x55, 0x4D]) {
      let header = try NumPyElements(ByteStream(source), byteCount: source.count).header
      (kind, isIntact) = ("npy", nil)
      facts = [Fact(name: "array", value: "\(header.elementType) \(header.shape)")]
    } else if start.starts(with: [0x1F, 0x8B]) || start.starts(with: [0, 0]) {
      let header = try IDXFile.header(of: source)
      (kind, isIntact) = ("idx", nil)
      facts = [Fact(name: "array", value: "\(header.elementType) \(header.dimensions)")]
    } else if start.count > 8, start[8] == 0x7B {
      let header = try SafetensorsHeader(reading: source)
      if header.metadata["format"] == TicketFile.format {
        let ticket = try TicketFile(try SafetensorsFile(header, of: source))
        (kind, isIntact) = ("ticket", ticket.isIntact)
        facts = Self.facts(of: ticket, form: "safetensors", bytes: source.count)
        layers = DescribedLayer.list(of: ticket.ticket.graph)
      } else {
        (kind, isIntact) = ("safetensors", nil)
        facts =
          header.metadata.sorted { $0.key < $1.key }.map { Fact(name: $0.key, value: String($0.value.prefix(80))) }
          + header.entries.map { Fact(name: $0.name, value: "\($0.dtype) \($0.shape)") }
      }
    } else {
      let document = try ONNXDocument(reading: source, folder: ONNXExternalData.folder(of: path))
      let network = NetworkDescription(document, options)
      (kind, isIntact) = ("onnx", nil)
      facts = network.facts
      layers = network.layers
      self.network = network
    }
  }

  /// The facts as lines, one each: control characters of names and values are escaped.
  public var text: String {
    let lines = facts.map { (name: FileError.singleLine($0.name), value: FileError.singleLine($0.value)) }
    let width = min(120, lines.map(\.name.count).max() ?? 0) + 2
    return
      ([kind]
      + lines.map { name, value in
        "  " + name + String(repeating: " ", count: max(1, width - name.count)) + value
      })
      .joined(separator: "\n")
  }

  private static func facts(of file: TicketFile, form: String, bytes: Int) -> [Fact] {
    let ticket = file.ticket
    var facts = [
      Fact(name: "generator", value: file.generator), Fact(name: "seed", value: String(ticket.seed)),
      Fact(name: "width", value: "\(ticket.width) (2 × \(ticket.width) filters per input channel)"),
      Fact(name: "mode", value: ticket.mode.rawValue),
      Fact(name: "input range", value: "[\(ticket.inputRange.low), \(ticket.inputRange.high)]"),
      Fact(name: "complete", value: String(ticket.isComplete)),
      Fact(name: "target digest", value: ticket.targetDigest),
      Fact(name: "target file digest", value: file.targetFileDigest ?? "none"),
      Fact(name: "form", value: "\(form), \(bytes) bytes"),
      Fact(name: "file bits per weight", value: "\(file.bitsPerWeight(ofBytes: bytes))"),
      Fact(name: "file digest", value: file.isIntact ? "matches the contents" : "DOES NOT MATCH: edited"),
    ]
    for (index, layer) in ticket.graph.layers.enumerated() {
      let blocks = ticket.blocks.filter { $0.address.layer == index + 1 }
      let kept = blocks.reduce(0) { $0 + $1.kept.count }
      facts.append(
        Fact(
          name: "layer \(index + 1), \(layer.name)",
          value: "\(layer.window.height)×\(layer.window.width), \(layer.inputChannels) → \(layer.outputChannels), "
            + "\(ticket.biases[index] == nil ? "" : "bias, ")scale \(ticket.scales[index]), "
            + "\(kept) filters kept in \(blocks.count) blocks"))
    }
    facts += ticket.notes.map { Fact(name: "beyond the theorem", value: $0) }
    if let claims = file.claims {
      let figures: [(String, Double?)] = [
        ("target accuracy", claims.targetAccuracy), ("ticket accuracy", claims.ticketAccuracy),
        ("unpruned accuracy", claims.unprunedAccuracy), ("max weight error", claims.maxWeightError),
        ("empty set error", claims.emptySetError), ("certified error", claims.certifiedError),
        ("bits per weight", claims.bitsPerWeight),
      ]
      facts += figures.map { Fact(name: "claimed " + $0.0, value: $0.1.map { "\($0)" } ?? "none") }
    }
    return facts
  }
}
