import Files
import Foundation
import Tickets

/// The two forms of a ticket's file: safetensors, which others read too, and coded, which takes
/// about the bits that are counted. Both hold the same, and a reader tells them by their first
/// bytes.
extension TicketFile {
  /// The ending of a coded file's name.
  public static let codedEnding = ".tombola"

  /// The coded form's bytes.
  ///
  /// - Parameter workers: cores that make filters' words.
  /// - Throws: `FileError` for an edited file, and for one that the coded form cannot give back;
  ///   `TicketError` where a kept filter has the other half's sign.
  /// - Complexity: writing and reading it: 2N words of the generator for each input channel, and a
  ///   coded bit for each filter of a half.
  public func packed(workers: Int = 1) throws -> Data {
    try requireIntact()
    let data = try CodedTicketFile.data(of: self, workers: workers)
    let again = try CodedTicketFile.read(ByteSource(data, name: source), workers: workers)
    guard again.isIntact, try again.serialized() == serialized() else {
      throw FileError(
        .unsupported, source: source, expected: "a ticket that its coded form gives back", found: "another")
    }
    return data
  }

  /// Bytes of the coded form, which is not read again.
  ///
  /// - Parameter workers: cores that make filters' words.
  /// - Throws: as `packed(workers:)`.
  /// - Complexity: writing it.
  public func packedByteCount(workers: Int = 1) throws -> Int {
    try CodedTicketFile.data(of: self, workers: workers).count
  }

  /// The same ticket without claims and witness, which `verify` measures again.
  public func withoutClaims() throws -> TicketFile {
    try TicketFile(
      ticket: ticket, claims: nil, witness: nil, generator: generator, targetFileDigest: targetFileDigest,
      search: search, source: source, statedDigest: isIntact ? nil : "")
  }

  /// The coded form of a ticket's file, from which `unpacked(contentsOf:)` makes the same bytes.
  ///
  /// - Parameters:
  ///   - path: the ticket's file, in either form.
  ///   - withClaims: false leaves out claims and witness.
  /// - Throws: as `packed(workers:)`, and `FileError` where other bytes than `serialized()` say the
  ///   same: they could not be had again.
  public static func packed(contentsOf path: String, withClaims: Bool = true) throws -> Data {
    let source = try ByteSource(path: path)
    let file = try TicketFile(reading: source)
    try file.requireIntact()
    guard withClaims else { return try file.withoutClaims().packed() }
    let bytes = try source.bytes(0..<source.count)
    guard try CodedTicketFile.isStart([UInt8](bytes.prefix(4))) || bytes == file.serialized() else {
      throw FileError(
        .unsupported, source: path, expected: "a ticket in the bytes that tombola writes",
        found: "other bytes of the same ticket, which unpacking would not give back")
    }
    return try file.packed()
  }

  /// The safetensors form of a coded ticket's file.
  ///
  /// - Complexity: reading it: 2N words of the generator for each input channel, and a coded bit
  ///   for each filter of a half.
  /// - Throws: `FileError` for a file that is not coded, or was edited; `TicketError` for a ticket
  ///   that contradicts itself.
  public static func unpacked(contentsOf path: String) throws -> Data {
    let source = try ByteSource(path: path)
    guard CodedTicketFile.isStart([UInt8](try source.bytes(0..<min(4, source.count)))) else {
      throw FileError(.unsupported, source: path, expected: "a coded ticket", found: "another first byte")
    }
    let file = try TicketFile(reading: source)
    try file.requireIntact()
    return try file.serialized()
  }

  /// Bits of a file of so many bytes for each weight of the target.
  public func bitsPerWeight(ofBytes count: Int) -> Double { 8 * Double(count) / Double(ticket.graph.weightCount) }
}
