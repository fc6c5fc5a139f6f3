import Foundation
import Tombola

/// JSON as a tree whose every value can be changed.
indirect enum JSONTree: Codable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSONTree].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSONTree].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let bool): try value.encode(bool)
    case .integer(let integer): try value.encode(integer)
    case .number(let number): try value.encode(number)
    case .text(let text): try value.encode(text)
    case .list(let list): try value.encode(list)
    case .object(let object): try value.encode(object)
    }
  }

  var encoded: String {
    get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
  }

  /// The tree with one value changed or left out, in every way and at every depth.
  ///
  /// - Parameter words: texts that stand for something somewhere, tried in place of every text.
  func mutations(at path: String, words: [String]) -> [(path: String, tree: JSONTree)] {
    let here: [JSONTree]
    var below: [(path: String, tree: JSONTree)] = []
    switch self {
    case .null: here = [.integer(1), .text("x"), .list([])]
    case .bool(let bool): here = [.bool(!bool), .integer(bool ? 0 : 1)]
    case .integer(let integer): here = [integer + 1, integer - 1, 2 * integer + 3].map { .integer($0) }
    case .number(let number): here = [number.nextUp, 1.5 * number, -number].map { .number($0) }
    case .text(let text):
      here = ([text + "x", ""] + words).filter { $0 != text }.map { .text($0) }
    case .list(let list):
      var changed = [list + [list.last ?? .integer(0)]]
      if !list.isEmpty { changed.append(Array(list.dropLast())) }
      if list.count > 1, list[0] != list[1] { changed.append([list[1], list[0]] + list.dropFirst(2)) }
      here = changed.map { .list($0) }
      for (index, value) in list.enumerated() {
        for (path, tree) in value.mutations(at: "\(path)[\(index)]", words: words) {
          var copy = list
          copy[index] = tree
          below.append((path, .list(copy)))
        }
      }
    case .object(let object):
      here = []
      for (key, value) in object.sorted(by: { $0.key < $1.key }) {
        var copy = object
        copy[key] = nil
        below.append((path + "." + key, .object(copy)))
        for (path, tree) in value.mutations(at: path + "." + key, words: words) {
          copy[key] = tree
          below.append((path, .object(copy)))
        }
      }
    }
    return here.map { (path, $0) } + [(path, .null)] + below
  }
}

/// Tickets' files with one thing changed, under a digest made again as whoever forges one would.
struct TicketForgery {
  let original: SafetensorsFile

  /// A changed file, and where: `key`, `key.field[index].field`, or `tensor name`.
  struct Forged {
    let path: String
    let file: SafetensorsFile
  }

  /// Words that metadata holds in some ticket.
  static let words =
    [
      "input", "relu", "global_average_pool", "flatten", "add", "convolution", "pool", "maximum", "average",
      "averageCountingPadding", "greedy", "beam",
    ] + PruningMode.allCases.map(\.rawValue) + SearchPlan.Objective.allCases.map(\.rawValue)
    + CalibrationPlan.Metric.allCases.map(\.rawValue)

  /// The file as it is written, with its digest as `TicketFile` documents it.
  static func signed(_ file: SafetensorsFile) -> SafetensorsFile {
    var digest = SHA256Digest()
    func field(_ text: String) -> String { "\(text.utf8.count):\(text)\n" }
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) where key != "digest" {
      digest.update(field(key) + field(value))
    }
    for tensor in file.tensors.sorted(by: { $0.name < $1.name }) {
      digest.update(field(tensor.name) + field("\(tensor.dtype) \(tensor.shape)"))
      tensor.bytes.withUnsafeBytes { digest.update($0) }
    }
    var signed = file
    signed.metadata["digest"] = digest.hexadecimal()
    return signed
  }

  /// Metadata that is JSON of more than one value, and is walked.
  private func tree(_ text: String) -> JSONTree? {
    guard let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(text.utf8)) else { return nil }
    switch tree {
    case .object, .list, .bool: return tree
    default: return nil
    }
  }

  /// The same file with all JSON written afresh: the walk itself changes nothing.
  var rewritten: SafetensorsFile {
    get throws {
      var file = original
      for (key, text) in original.metadata { if let tree = tree(text) { file.metadata[key] = try tree.encoded } }
      return Self.signed(file)
    }
  }

  /// One field of the metadata changed or left out, at every depth.
  var ofMetadata: [Forged] {
    get throws {
      var forged: [Forged] = []
      for (key, text) in original.metadata.sorted(by: { $0.key < $1.key }) where key != "digest" {
        var file = original
        file.metadata[key] = nil
        forged.append(Forged(path: key, file: Self.signed(file)))
        if let tree = tree(text) {
          for (path, changed) in tree.mutations(at: key, words: Self.words) {
            file.metadata[key] = try changed.encoded
            forged.append(Forged(path: path, file: Self.signed(file)))
          }
        } else {
          let numbers = UInt64(text).map { [$0 &+ 1, $0 &- 1, $0 / 2].map { "\($0)" } } ?? []
          for other in ["", text + "x", String(text.dropLast())] + numbers + Self.words where other != text {
            file.metadata[key] = other
            forged.append(Forged(path: key, file: Self.signed(file)))
          }
        }
      }
      return forged
    }
  }

  /// One tensor changed in one entry, lengthened, shortened, renamed, retyped, reshaped or left
  /// out.
  var ofTensors: [Forged] {
    get throws {
      var forged: [Forged] = []
      for (index, tensor) in original.tensors.enumerated() {
        func replace(_ changed: SafetensorsTensor?) {
          var file = original
          if let changed { file.tensors[index] = changed } else { file.tensors.remove(at: index) }
          forged.append(Forged(path: "tensor " + tensor.name, file: Self.signed(file)))
        }
        func with(_ bytes: Data, _ shape: [Int], name: String? = nil) throws -> SafetensorsTensor {
          try SafetensorsTensor(
            name: name ?? tensor.name, dtype: tensor.dtype, shape: shape, bytes: bytes, source: "forged")
        }
        replace(nil)
        replace(try with(tensor.bytes, tensor.shape, name: tensor.name + "x"))
        replace(try with(tensor.bytes, [1] + tensor.shape))
        replace(
          try SafetensorsTensor(
            name: tensor.name, dtype: tensor.dtype == .float32 ? .uint32 : .float32, shape: tensor.shape,
            bytes: tensor.bytes, source: "forged"))
        let zero = Data([0, 0, 0, 0])
        replace(try with(tensor.bytes + zero, [tensor.count + 1]))
        if tensor.count > 0 { replace(try with(tensor.bytes.dropLast(4), [tensor.count - 1])) }
        for entry in 0..<tensor.count {
          for bit: UInt8 in [1, 2] {
            var bytes = tensor.bytes
            bytes[bytes.startIndex + 4 * entry] ^= bit
            replace(try with(bytes, tensor.shape))
          }
        }
      }
      var more = original
      more.tensors.append(try SafetensorsTensor(name: "more", shape: [1], floats: [1]))
      return forged + [Forged(path: "tensor more", file: Self.signed(more))]
    }
  }
}
