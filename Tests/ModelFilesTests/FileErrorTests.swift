import Files
import ModelFiles
import Testing

@Suite struct FileErrorTests {
  @Test func isOneLineWithSourcePlaceExpectedAndFound() {
    let error = FileError(
      .truncated, source: "a.npz", at: [.entry("x.npy"), .byte(128)], expected: "16 bytes", found: "3")
    #expect(error.description == "a.npz: entry 'x.npy', byte 128: expected 16 bytes, found 3")
  }

  @Test func namesNoPlaceWhereThereIsNone() {
    let error = FileError(.notFound, source: "a", expected: "an existing file", found: "none")
    #expect(error.description == "a: expected an existing file, found none")
  }

  @Test func escapesControlCharactersOfHostileNames() {
    let error = FileError(
      .malformed, source: "a", at: [.tensor("x\n\u{1b}[31m\u{202e}y")], expected: "b", found: "c\r\n")
    #expect(error.description == "a: tensor 'x\\u{a}\\u{1b}[31m\\u{202e}y': expected b, found c\\u{d}\\u{a}")
  }

  @Test func shortensLongNames() {
    let error = FileError(
      .malformed, source: "a", at: [.key(String(repeating: "k", count: 5000))], expected: "b", found: "c")
    #expect(error.description.count < 200)
    #expect(error.description.contains("kkk…'"))
  }

  @Test func shortensLongShapes() {
    expectFileError(.tooLarge, "(1, 1, 1, ", "…") {
      _ = try SafetensorsTensor(name: "t", shape: [Int](repeating: 1, count: 100_000) + [-1], floats: [])
    }
    let error = FileError(
      .malformed, source: "a", expected: String(repeating: "e", count: 5000), found: String(repeating: "f", count: 5000)
    )
    #expect(error.description.count < 900)
  }

  @Test func gainsOuterSteps() {
    let inner = FileError(.malformed, source: "a", at: [.byte(3)], expected: "b", found: "c")
    #expect(inner.within(.entry("e")).location == [.entry("e"), .byte(3)])
  }
}
