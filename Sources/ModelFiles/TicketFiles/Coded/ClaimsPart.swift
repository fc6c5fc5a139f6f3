import Convolution
import Files
import Foundation
import Tickets

/// What a ticket's file holds beside the ticket, as a part of a coded one: claims as JSON and the
/// witness as little-endian floats, behind the length of each in bytes, all deflated.
struct ClaimsPart {
  let claims: Claims?
  private let numbers: [Float]?

  init(claims: Claims?, witness: [Float]?) {
    self.claims = claims
    numbers = witness
  }

  /// The part's bytes; none where there is nothing to tell.
  func deflated(_ source: String) throws -> Data {
    let text = Data(try claims.map { try json($0) }?.utf8 ?? "".utf8)
    let witness = ElementCoding.encode(numbers ?? [])
    if text.isEmpty, witness.isEmpty { return Data() }
    let lengths = ElementCoding.encode([UInt32(text.count), UInt32(witness.count)])
    return try Deflater.deflated(lengths + text + witness, source: source)
  }

  /// Reads the part in a range of a file.
  init(_ source: ByteSource, range: Range<Int>) throws {
    if range.isEmpty {
      (claims, numbers) = (nil, nil)
      return
    }
    let stream = try ByteStream(source, range: range, encoding: .deflated)
    let lengths = ElementCoding.decode(UInt32.self, from: try stream.take(8, "the lengths of claims and witness"))
    let text = try stream.take(Int(lengths[0]), "the claims")
    let witness = try stream.take(Int(lengths[1]), "the witness")
    try stream.finish()
    guard lengths[1] % 4 == 0 else {
      throw FileError(
        .malformed, source: source.name, at: [.key("witness")], expected: "four bytes a number",
        found: "\(lengths[1]) bytes")
    }
    guard let words = String(validating: text, as: UTF8.self) else {
      throw FileError(
        .malformed, source: source.name, at: [.key("claims")], expected: "UTF-8", found: "an invalid sequence")
    }
    claims = words.isEmpty ? nil : try MetadataReader.value(of: words, key: "claims", source: source.name)
    numbers = witness.isEmpty ? nil : ElementCoding.decode(Float.self, from: witness)
  }

  /// The witness, an image of the network's input shape.
  func witness(_ shape: ImageShape, _ source: String) throws -> [Float]? {
    guard let numbers else { return nil }
    guard numbers.count == shape.count else {
      throw FileError(
        .malformed, source: source, at: [.tensor(Ticket.witnessTensorName)], expected: "\(shape.count) numbers",
        found: "\(numbers.count)")
    }
    return numbers
  }
}

/// Sizes as bytes of seven bits, the lowest first, each with its highest bit set but the last.
package enum VariableLength {
  /// A size's bytes.
  package static func bytes(_ size: Int) -> [UInt8] {
    size < 128 ? [UInt8(size)] : [UInt8(size & 127) | 128] + bytes(size >> 7)
  }

  /// The next size of a stream, whose role `what` names.
  package static func take(from stream: ByteStream, _ what: String) throws(FileError) -> Int {
    let start = stream.position
    var size = 0
    for place in 0..<8 {
      let byte = try stream.take(1, what)[0]
      size |= Int(byte & 127) << (7 * place)
      if byte < 128 { return size }
    }
    throw FileError(
      .tooLarge, source: stream.name, at: [.byte(start)], expected: "\(what) below 2^56", found: "a larger")
  }
}
