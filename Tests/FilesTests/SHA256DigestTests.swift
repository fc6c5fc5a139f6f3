import Files
import Testing

/// The published answers of FIPS 180-4's examples.
@Suite struct SHA256DigestTests {
  private func digest(of pieces: [String]) -> String {
    var digest = SHA256Digest()
    for piece in pieces { digest.update(piece) }
    return digest.hexadecimal()
  }

  private func digest(of numbers: [UInt32]) -> String {
    var digest = SHA256Digest()
    digest.update(numbers)
    return digest.hexadecimal()
  }

  @Test func givesTheKnownAnswersWhateverThePieces() {
    #expect(digest(of: [""]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest(of: ["a", "", "bc"]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = [String](repeating: String(repeating: "a", count: 1000), count: 1000)
    #expect(digest(of: million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func numbersAreLittleEndian() {
    #expect(digest(of: [0x6463_6261]) == digest(of: ["abcd"]))
  }
}
