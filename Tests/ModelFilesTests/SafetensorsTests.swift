import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

/// A file made by hand: the header's length, the header, the data.
private func file(_ header: String, _ data: [UInt8] = []) -> Data {
  Data() + UInt64(header.utf8.count) + Data(header.utf8) + Data(data)
}

private func read(_ bytes: Data) throws -> SafetensorsFile {
  try SafetensorsFile(bytes: bytes, source: "test.safetensors")
}

@Suite struct SafetensorsTests {
  @Test func readsTensorsInTheOrderOfTheirBytes() throws {
    let header = """
      {"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},
       "a":{"shape":[1],"data_offsets":[0,4],"dtype":"F32"},
       "none":{"dtype":"F64","shape":[0,3],"data_offsets":[4,4]},
       "__metadata__":{"k":"v"}}
      """
    let result = try read(file(header, [0, 0, 0x80, 0x3f, 7, 9]))
    #expect(result.tensors.map(\.name) == ["a", "none", "b"])
    #expect(result.metadata == ["k": "v"])
    #expect(try result.tensor("a").floats() == [1])
    #expect(try result.tensor("b").uint8s() == [7, 9])
    #expect(try result.tensor("none").doubles() == [])
    #expect(try result.tensor("b").count == 2)
  }

  @Test func readsASliceOfOtherData() throws {
    let bytes = file(#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, [1, 2])
    let padded = Data([9, 9, 9]) + bytes
    #expect(try read(padded[3...]).tensor("a").uint8s() == [1, 2])
  }

  @Test func roundTripsEveryTypeAndKeepsTextExact() throws {
    let text = "quote \" backslash \\ slash / line\nbreak\ttab\u{0}\u{1f}\u{7f} é e\u{301} 🎟 \u{2028}"
    var tensors: [SafetensorsTensor] = []
    for dtype in SafetensorsElementType.allCases {
      let shape = [2, 4]
      tensors.append(
        try SafetensorsTensor(
          name: "t \(dtype) \"é", dtype: dtype, shape: shape, bytes: Data((0..<dtype.bits).map { UInt8($0) })))
    }
    let original = SafetensorsFile(metadata: ["k": text, text: "v", "": ""], tensors: tensors)
    for layout in [SafetensorsFile.Layout.given, .aligned] {
      let bytes = try original.serialized(layout: layout)
      #expect(bytes == (try original.serialized(layout: layout)))
      let result = try read(bytes)
      #expect(
        result.metadata.mapValues { Array($0.unicodeScalars) }
          == original.metadata.mapValues { Array($0.unicodeScalars) })
      #expect(Set(result.tensors.map(\.name)) == Set(tensors.map(\.name)))
      for tensor in tensors { #expect(try result.tensor(tensor.name) == tensor) }
      #expect(try result.serialized(layout: .given) == bytes)
      #expect(bytes[0] % 8 == 0)
    }
    #expect(try read(original.serialized(layout: .given)) == original)
    let aligned = try read(original.serialized()).tensors.map(\.dtype.bits)
    #expect(aligned == aligned.sorted(by: >) || aligned.suffix(4).contains(8))
  }

  @Test func roundTripsTypedValues() throws {
    let floats: [Float] = [0, -0.0, .nan, .infinity, .leastNonzeroMagnitude, 1.5]
    let file = SafetensorsFile(tensors: [
      try SafetensorsTensor(name: "f", shape: [2, 3], floats: floats),
      try SafetensorsTensor(name: "d", shape: [], doubles: [.pi]),
      try SafetensorsTensor(name: "u", shape: [2], uint32s: [0, .max]),
      try SafetensorsTensor(name: "i", shape: [2], int64s: [.min, .max]),
      try SafetensorsTensor(name: "w", shape: [1], uint64s: [.max]),
      try SafetensorsTensor(name: "n", shape: [1], int32s: [-5]),
      try SafetensorsTensor(name: "e", shape: [0], uint8s: []),
    ])
    let result = try read(file.serialized())
    #expect(try result.tensor("f").floats().map(\.bitPattern) == floats.map(\.bitPattern))
    #expect(try result.tensor("d").doubles() == [.pi])
    #expect(try result.tensor("u").uint32s() == [0, .max])
    #expect(try result.tensor("i").int64s() == [.min, .max])
    #expect(try result.tensor("w").uint64s() == [.max])
    #expect(try result.tensor("n").int32s() == [-5])
    #expect(try result.tensor("e").uint8s() == [])
    expectFileError(.wrongType, "test.safetensors", "'u'", "F32", "U32") { _ = try result.tensor("u").floats() }
    expectFileError(.missing, "test.safetensors", "'x'") { _ = try result.tensor("x") }
  }

  @Test func writesMetadataFirstAndSorted() throws {
    let file = SafetensorsFile(
      metadata: ["b": "2", "a": "1", "Z": "0"], tensors: [try SafetensorsTensor(name: "t", shape: [1], uint8s: [3])])
    let header = #"{"__metadata__":{"Z":"0","a":"1","b":"2"},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let bytes = try file.serialized()
    #expect(String(decoding: bytes.dropFirst(8).prefix(header.utf8.count), as: UTF8.self) == header)
    #expect(bytes.count % 8 == 1)
  }

  @Test func refusesWhatCannotBeWritten() throws {
    let tensor = try SafetensorsTensor(name: "t", shape: [1], uint8s: [3])
    let reserved = try SafetensorsTensor(name: "__metadata__", shape: [1], uint8s: [3])
    expectFileError(.malformed, "'t'", "second") { _ = try SafetensorsFile(tensors: [tensor, tensor]).serialized() }
    expectFileError(.malformed, "reserved") { _ = try SafetensorsFile(tensors: [reserved]).serialized() }
    expectFileError(.truncated, "'t'") { _ = try SafetensorsTensor(name: "t", shape: [2], floats: [1]) }
    expectFileError(.oversized, "'t'") { _ = try SafetensorsTensor(name: "t", shape: [], floats: [1, 2]) }
    expectFileError(.tooLarge, "'t'") { _ = try SafetensorsTensor(name: "t", shape: [-1], floats: []) }
    expectFileError(.tooLarge) { _ = try SafetensorsTensor(name: "t", shape: [1 << 40, 1 << 40, 0], floats: []) }
    expectFileError(.tooLarge) {
      _ = try SafetensorsTensor(name: "t", dtype: .float4, shape: [3], bytes: Data([0, 0]))
    }
  }

  @Test func handlesMegabytesOfMetadata() throws {
    let text = String(repeating: "{\"layer\": [1, 2, 3]}\n", count: 100_000)
    let file = SafetensorsFile(metadata: ["graph": text], tensors: [])
    #expect(try read(file.serialized()).metadata["graph"] == text)
  }

  @Test func refusesWrongLengths() {
    expectFileError(.truncated, "test.safetensors", "byte 0") { _ = try read(Data()) }
    expectFileError(.truncated, "byte 0") { _ = try read(Data([1, 2, 3])) }
    expectFileError(.truncated, "byte 8", "the header") { _ = try read(Data() + UInt64(100) + Data("{}".utf8)) }
    expectFileError(.tooLarge, "100000000") { _ = try read(Data() + UInt64(1 << 60)) }
    expectFileError(.tooLarge, "2^63") { _ = try read(Data() + UInt64.max) }
    expectFileError(.malformed, "empty") { _ = try read(Data() + UInt64(0)) }
    expectFileError(.oversized, "expected 0 bytes after the header") { _ = try read(file("{}", [1])) }
    let header = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    expectFileError(.truncated, "'a'") { _ = try read(file(header, [1])) }
    expectFileError(.oversized) { _ = try read(file(header, [1, 2, 3])) }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "a hole"),
    (
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      "an overlap"
    ),
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}"#, "expected 1 bytes for (1) of U8"),
    (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}"#, "start ≤ end"),
    (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1,2]}}"#, "data_offsets"),
    (#"{"a":{"dtype":"U8","shape":[2]}}"#, "no data_offsets"),
    (#"{"a":{"dtype":"U9","shape":[2],"data_offsets":[0,2]}}"#, "'U9'"),
    (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"more":1}}"#, "'more'"),
    (#"{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}"#, "non-negative integer"),
    (#"{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}"#, "fraction"),
    (#"{"a":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}"#, "leading zero"),
    (#"{"a":{"dtype":"U8","shape":[1152921504606846976,1152921504606846976],"data_offsets":[0,2]}}"#, "2^63"),
    (#"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,2]}}"#, "2^63"),
    (#"{"a":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,9223372036854775807]}}"#, "2^63"),
    (
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      "each key once"
    ),
    (#"{"__metadata__":{"k":"1","k":"2"}}"#, "each key once"),
    (#"{"__metadata__":{"k":1}}"#, "a string"),
    (#"{"__metadata__":{},"__metadata__":{}}"#, "each key once"),
    (#"{"a":[]}"#, "'{'"),
    (#"{"a""#, "':'"),
    (#"{"a\q":{}}"#, "escape"),
    (#"{"a\ud800":{}}"#, "surrogate"),
    (#"{"a\udc00":{}}"#, "surrogate"),
    (#"{"a\ud800\u0041":{}}"#, "surrogate"),
    ("{\"a\u{1}\":{}}", "control character"),
    ("[]", "starts with '{'"),
    (" {}", "starts with '{'"),
    ("{} x", "the end of the JSON text"),
    ("{,}", "a string"),
    (#"{"__metadata__":{"k":"v",}}"#, "a string"),
    ("{", "a string"),
  ])
  func refusesBadHeaders(header: String, part: String) {
    do {
      _ = try read(file(header, [1, 2]))
      Issue.record("no error")
    } catch let error as FileError {
      #expect(error.description.contains(part), "\(error)")
      #expect(error.description.hasPrefix("test.safetensors: "), "\(error)")
    } catch {
      Issue.record("another error: \(error)")
    }
  }

  @Test func refusesInvalidUTF8AndSaysWhere() {
    var bytes = file(#"{"a?":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, [1])
    bytes[8 + 3] = 0xff
    expectFileError(.malformed, "byte 11", "UTF-8") { _ = try read(bytes) }
  }

  @Test func tellsApartNamesThatOnlyUnicodeEquates() throws {
    let file = SafetensorsFile(tensors: [
      try SafetensorsTensor(name: "\u{e9}", shape: [1], uint8s: [1]),
      try SafetensorsTensor(name: "e\u{301}", shape: [1], uint8s: [2]),
    ])
    let result = try read(file.serialized())
    #expect(try result.tensor("\u{e9}").uint8s() == [1])
    #expect(try result.tensor("e\u{301}").uint8s() == [2])
  }
}

@Suite(.enabled(if: Python.hasSafetensors, "needs numpy and safetensors in the interpreter that TOMBOLA_PYTHON names"))
struct SafetensorsPythonTests {
  @Test func readsWhatThePublicLibraryWrites() throws {
    let folder = try TemporaryFolder()
    try Python.run(
      """
      import sys, numpy as np
      from safetensors.numpy import save_file
      save_file({
        "f": np.arange(6, dtype=np.float32).reshape(2, 3) / 4, "d": np.array([1e300, -0.5]),
        "u": np.array([[1, 2 ** 32 - 1]], dtype=np.uint32), "l": np.array([-2 ** 63], dtype=np.int64),
        "scalar": np.array(2.5, np.float32), "none": np.zeros((0, 4), np.float32), "b": np.array([True, False]),
        "h": np.array([1.5], np.float16), "näme \\n": np.array([7], np.uint8)},
        sys.argv[1], metadata={"note": 'quote " \\\\ \\n \\u00e9 \\U0001f39f \\x01'})
      """, folder.file("a.safetensors"))
    let file = try SafetensorsFile(path: folder.file("a.safetensors"))
    #expect(file.metadata == ["note": "quote \" \\ \n é 🎟 \u{1}"])
    #expect(try file.tensor("f").floats() == [0, 0.25, 0.5, 0.75, 1, 1.25])
    #expect(try file.tensor("f").shape == [2, 3])
    #expect(try file.tensor("d").doubles() == [1e300, -0.5])
    #expect(try file.tensor("u").uint32s() == [1, .max])
    #expect(try file.tensor("l").int64s() == [.min])
    #expect(try file.tensor("scalar").shape == [])
    #expect(try file.tensor("none").shape == [0, 4])
    #expect(try file.tensor("b").bytes == Data([1, 0]))
    #expect(try file.tensor("h").dtype == .float16)
    #expect(try file.tensor("näme \n").uint8s() == [7])
    // With one metadata key the public library's own bytes are the only order there is.
    #expect(try file.serialized() == FileBytes.read(path: folder.file("a.safetensors")))
  }

  @Test(arguments: [SafetensorsFile.Layout.aligned, .given])
  func isReadByThePublicLibrary(layout: SafetensorsFile.Layout) throws {
    let folder = try TemporaryFolder()
    let file = SafetensorsFile(
      metadata: ["a": "1", "note": "quote \" \\ \n é 🎟 \u{1}"],
      tensors: [
        try SafetensorsTensor(name: "small", shape: [3], uint8s: [1, 2, 3]),
        try SafetensorsTensor(name: "f", shape: [2, 2], floats: [0.5, -1, .infinity, 3]),
        try SafetensorsTensor(name: "d", shape: [], doubles: [0.1]),
        try SafetensorsTensor(name: "none", shape: [2, 0], int64s: []),
        try SafetensorsTensor(name: "u", shape: [2], uint32s: [5, .max]),
      ])
    try AtomicFile.write(file.serialized(layout: layout), to: folder.file("a.safetensors"), force: false)
    try Python.run(
      """
      import sys, numpy as np
      from safetensors import safe_open
      with safe_open(sys.argv[1], "np") as f:
        assert f.metadata() == {"a": "1", "note": 'quote " \\\\ \\n \\u00e9 \\U0001f39f \\x01'}, f.metadata()
        t = {k: f.get_tensor(k) for k in f.keys()}
      assert sorted(t) == ["d", "f", "none", "small", "u"]
      assert t["small"].tolist() == [1, 2, 3] and t["small"].dtype == np.uint8
      assert t["f"].tolist() == [[0.5, -1], [np.inf, 3]] and t["f"].dtype == np.float32
      assert t["d"].shape == () and t["d"] == 0.1
      assert t["none"].shape == (2, 0) and t["none"].dtype == np.int64
      assert t["u"].tolist() == [5, 2 ** 32 - 1]
      """, folder.file("a.safetensors"))
  }
}
