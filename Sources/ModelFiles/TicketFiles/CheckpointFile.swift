import Files
import Foundation
import Tickets

/// A search's finished blocks on disk: a safetensors file like a ticket's, without claims.
///
/// Its metadata holds the search's identity, the blocks' addresses and candidate counts, which of
/// them used up their share of the work limit, which part of a search shared by several jobs it is,
/// and a SHA-256 digest of all that and of the tensors.
public enum CheckpointFile {
  static let format = "tombola-checkpoint"
  static let formatVersion = "3"

  /// Writes beside and renames, so that a killed process leaves the last whole checkpoint.
  ///
  /// - Throws: `FileError`.
  public static func write(_ checkpoint: SearchCheckpoint, to path: String) throws {
    try AtomicFile.write(try serialized(checkpoint), to: path, force: true)
  }

  /// The file's bytes: the same blocks in the same order give the same ones.
  static func serialized(_ checkpoint: SearchCheckpoint) throws -> Data {
    var metadata = [
      "format": format, "format_version": formatVersion, "identity": try json(checkpoint.identity),
      "addresses": try json(checkpoint.blocks.map(\.address)),
      "candidates": try json(checkpoint.blocks.map(\.candidates)),
      "limited": try json(checkpoint.limited.sorted()),
    ]
    if let part = checkpoint.part { metadata["part"] = part.description }
    var file = SafetensorsFile(metadata: metadata, tensors: try checkpoint.blocks.map { try $0.tensor() })
    file.metadata["digest"] = file.contentDigest()
    return try file.serialized()
  }

  /// - Throws: `FileError` when the file is no checkpoint of this version, or not what was written.
  public static func read(_ path: String) throws -> SearchCheckpoint {
    let file = try SafetensorsFile(path: path)
    let reader = MetadataReader(file, format: format, formatVersion: formatVersion)
    try reader.requireFormat()
    let addresses: [BlockAddress] = try reader.json("addresses")
    let limited: [BlockAddress] = try reader.json("limited")
    let part = file.metadata["part"].map { SearchShard($0) }
    if case .some(.none) = part {
      throw reader.wrong("part", expected: "a part such as 3/8", found: try reader.text("part"))
    }
    let checkpoint = SearchCheckpoint(
      identity: try reader.json("identity"), blocks: try reader.blocks(addresses), limited: Set(limited),
      part: part ?? nil)
    guard try reader.text("digest") == file.contentDigest() else {
      throw reader.wrong(
        "digest", expected: "the digest of the contents", found: "another: the file was edited or damaged")
    }
    return checkpoint
  }
}
