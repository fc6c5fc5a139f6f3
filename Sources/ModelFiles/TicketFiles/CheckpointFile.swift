import Files
import Foundation
import Tickets

/// A search's finished blocks on disk: a safetensors file like a ticket's, without claims.
public enum CheckpointFile {
  static let format = "tombola-checkpoint"
  static let formatVersion = "2"

  /// Writes beside and renames, so that a killed process leaves the last whole checkpoint.
  ///
  /// - Throws: `FileError`.
  public static func write(_ checkpoint: SearchCheckpoint, to path: String) throws {
    let metadata = [
      "format": format, "format_version": formatVersion, "identity": try json(checkpoint.identity),
      "addresses": try json(checkpoint.blocks.map(\.address)),
      "candidates": try json(checkpoint.blocks.map(\.candidates)),
    ]
    let file = SafetensorsFile(metadata: metadata, tensors: try checkpoint.blocks.map { try $0.tensor() })
    try AtomicFile.write(try file.serialized(), to: path, force: true)
  }

  /// - Throws: `FileError` when the file is no checkpoint of this version.
  public static func read(_ path: String) throws -> SearchCheckpoint {
    let file = try SafetensorsFile(path: path)
    let reader = MetadataReader(file, format: format, formatVersion: formatVersion)
    try reader.requireFormat()
    return SearchCheckpoint(
      identity: try reader.json("identity"), blocks: try reader.blocks(try reader.json("addresses")))
  }
}
