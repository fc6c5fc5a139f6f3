import Foundation
import ModelFiles
import Testing

/// The published answers of FIPS 180-4's examples.
@Suite struct SHA256DigestTests {
  private static let emptyAnswer = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  private static let abcAnswer = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  private static let millionAnswer = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

  @Test func givesTheKnownAnswers() throws {
    #expect(try SHA256Digest.hexadecimal(of: Data()) == Self.emptyAnswer)
    #expect(try SHA256Digest.hexadecimal(of: Data("abc".utf8)) == Self.abcAnswer)
    #expect(try SHA256Digest.hexadecimal(of: Data(repeating: 0x61, count: 1_000_000)) == Self.millionAnswer)
  }

  @Test func doesNotDependOnThePieces() throws {
    var pieces = try SHA256Digest()
    pieces.update("a")
    pieces.update([UInt8]())
    pieces.update(Data())
    pieces.update([UInt8(ascii: "b")])
    pieces.update(Data("c".utf8))
    #expect(pieces.hexadecimal() == Self.abcAnswer)

    var chunks = try SHA256Digest()
    let text = [UInt8](repeating: 0x61, count: 1_000_000)
    var start = 0
    var size = 1
    while start < text.count {
      let end = min(start + size, text.count)
      text[start..<end].withUnsafeBytes { chunks.update($0) }
      start = end
      size = size * 3 % 10_007 + 1
    }
    #expect(chunks.hexadecimal() == Self.millionAnswer)
  }

  @Test func givesThirtyTwoBytes() throws {
    var digest = try SHA256Digest()
    digest.update("abc")
    let bytes = digest.bytes()
    #expect(bytes.count == 32 && bytes[0] == 0xba && bytes[31] == 0xad)
  }

  @Test func acceptsSlicesOfData() throws {
    let slice = Data("xxabcxx".utf8)[2..<5]
    #expect(try SHA256Digest.hexadecimal(of: slice) == Self.abcAnswer)
  }
}
