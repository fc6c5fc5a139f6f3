import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

private func npy(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> Data {
  var bytes = Data([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
  bytes = version == 1 ? bytes + UInt16(header.utf8.count) : bytes + UInt32(header.utf8.count)
  bytes.append(contentsOf: header.utf8)
  bytes.append(contentsOf: data)
  return bytes
}

private func read(_ bytes: Data) throws -> NumPyArray { try NumPyArray(bytes: bytes, source: "test.npy") }

@Suite struct NumPyArrayTests {
  @Test func roundTripsEveryType() throws {
    for type in NumPyElementType.allCases {
      for shape in [[], [0], [1], [3], [2, 3], [2, 0, 3], [1, 2, 3, 1]] {
        let count = shape.reduce(1, *) * type.size
        let array = try NumPyArray(elementType: type, shape: shape, bytes: Data((0..<count).map { UInt8($0 % 2) }))
        let bytes = array.serialized()
        #expect(try read(bytes) == array)
        #expect((bytes.count - count) % 64 == 0)
        var padded = Data([1, 2])
        padded.append(bytes)
        #expect(try read(padded[2...]) == array)
      }
    }
  }

  @Test func readsEveryVersionOrderAndSpelling() throws {
    let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3)}\n"
    let data: [UInt8] = [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0xff, 0xfa]
    for version: UInt8 in 1...3 {
      let array = try read(npy(header, data, version: version))
      #expect(try array.integers() == [1, 2, 3, 4, 5, -6])
      #expect(array.shape == [2, 3])
    }
    let spelled = #" {"shape" :(2L,) , "descr":"|u1","fortran_order":False,}  "#
    #expect(try read(npy(spelled, [7, 8])).uint8s() == [7, 8])
    #expect(try read(npy("{'descr': '<u1', 'fortran_order': False, 'shape': ()}", [7])).shape == [])
  }

  @Test func convertsFortranOrderInThreeDimensions() throws {
    // Entry (i, j, k) of a 2×3×4 array is 12 i + 4 j + k; the first index is the fastest in the
    // file.
    var data: [UInt8] = []
    for k in 0..<4 { for j in 0..<3 { for i in 0..<2 { data.append(UInt8(12 * i + 4 * j + k)) } } }
    let array = try read(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }", data))
    #expect(try array.integers() == Array(0..<24))
  }

  @Test func givesTypedValues() throws {
    #expect(try read(NumPyArray(shape: [2], floats: [1.5, -0.0]).serialized()).floats() == [1.5, 0])
    #expect(try read(NumPyArray(shape: [1], doubles: [0.1]).serialized()).doubles() == [0.1])
    #expect(try read(NumPyArray(shape: [2], int64s: [.min, 3]).serialized()).integers() == [.min, 3])
    #expect(try read(NumPyArray(shape: [1], int32s: [-4]).serialized()).int32s() == [-4])
    #expect(try read(NumPyArray(shape: [1], uint32s: [.max]).serialized()).integers() == [4_294_967_295])
    let boolean = try NumPyArray(elementType: .boolean, shape: [2], bytes: Data([1, 0]))
    #expect(try boolean.booleans() == [true, false])
    expectFileError(.wrongType, "test.npy", "f4", "f8") {
      _ = try read(NumPyArray(shape: [1], doubles: [0.1]).serialized()).floats()
    }
    expectFileError(.wrongType, "integer", "f4") { _ = try NumPyArray(shape: [1], floats: [1]).integers() }
    let large = try NumPyArray(elementType: .uint64, shape: [1], bytes: Data(repeating: 0xff, count: 8))
    expectFileError(.tooLarge, "18446744073709551615") { _ = try large.integers() }
  }

  @Test func writesALongHeaderAsVersionTwo() throws {
    let array = try NumPyArray(shape: [Int](repeating: 1, count: 64), floats: [1])
    #expect(try read(array.serialized()) == array)
    expectFileError(.unsupported, "64 dimensions") {
      _ = try NumPyArray(shape: [Int](repeating: 1, count: 65), floats: [1])
    }
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickle", FileError.Kind.unsupported),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured", .unsupported),
    ("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", "'<f2'", .unsupported),
    ("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", "'<U3'", .unsupported),
    ("{'descr': '|f4', 'fortran_order': False, 'shape': (1,), }", "'|f4'", .unsupported),
    ("{'descr': '', 'fortran_order': False, 'shape': (1,), }", "''", .unsupported),
    ("{'descr': '<f4', 'fortran_order': 'no', 'shape': (1,), }", "True or False", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': 'x', }", "tuple", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1), }", "tuple of one", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "non-negative", .malformed),
    ("{'descr': '<f4', 'fortran_order': False}", "'descr' 'fortran_order'", .malformed),
    ("{'descr': '<f4', 'descr': '<f4'}", "once", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': True}", "'x'", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "end of the header", .malformed),
    ("{'descr': '<f4", "quotation", .malformed),
    ("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (1,)}", "plain ASCII", .malformed),
    ("", "'{'", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }", "(1152921504606846976)", .tooLarge),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "2^63", .tooLarge),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1073741824, 65536), }", "281474976710656 bytes", .truncated),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "8 bytes for (2) of f4, found 4", .truncated),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", "0 bytes for (0) of f4, found 4", .oversized),
    ("{'descr': '|b1', 'fortran_order': False, 'shape': (4,), }", "booleans", .malformed),
  ])
  func refusesBadHeaders(header: String, part: String, kind: FileError.Kind) {
    expectFileError(kind, "test.npy: ", part) { _ = try read(npy(header, [1, 2, 3, 4])) }
  }

  @Test func refusesBadPrefixes() {
    expectFileError(.truncated, "byte 0") { _ = try read(Data()) }
    expectFileError(.malformed, "NUMPY") { _ = try read(Data("not numpy at all".utf8)) }
    expectFileError(.unsupported, "4.0") { _ = try read(npy("{}", version: 4)) }
    expectFileError(.truncated, "the header") { _ = try read(npy("{}").dropLast()) }
    expectFileError(.tooLarge, "4294967295") {
      _ = try read(Data([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0]) + UInt32.max)
    }
  }
}

@Suite(.enabled(if: Python.hasNumPy, "needs numpy in the interpreter that TOMBOLA_PYTHON names"))
struct NumPyPythonTests {
  private static let types = NumPyElementType.allCases.map(\.rawValue).joined(separator: " ")

  @Test func readsWhatNumPyWrites() throws {
    let folder = try TemporaryFolder()
    try Python.run(
      """
      import sys, numpy as np
      for t in sys.argv[2].split():
        for order in "<>":
          for layout in "CF":
            a = (np.arange(24) % 5).astype(t).reshape(2, 3, 4).astype(order + t)
            np.save(f"{sys.argv[1]}/{t}-{'l' if order == '<' else 'b'}-{layout}.npy", np.asarray(a, order=layout))
      np.save(sys.argv[1] + "/objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
      np.save(sys.argv[1] + "/scalar.npy", np.float32(1.5))
      for v in (2, 3):
        with open(f"{sys.argv[1]}/v{v}.npy", "wb") as f:
          np.lib.format.write_array(f, np.arange(3, dtype=np.int32), version=(v, 0))
      """, folder.path, Self.types)
    for type in NumPyElementType.allCases {
      for order in ["l", "b"] {
        for layout in ["C", "F"] {
          let array = try NumPyArray(path: folder.file("\(type)-\(order)-\(layout).npy"))
          #expect(array.elementType == type && array.shape == [2, 3, 4])
          let expected = type == .boolean ? (0..<24).map { $0 % 5 == 0 ? 0 : 1 } : (0..<24).map { $0 % 5 }
          switch type {
          case .boolean: #expect(try array.booleans().map { $0 ? 1 : 0 } == expected)
          case .float32: #expect(try array.floats() == expected.map(Float.init))
          case .float64: #expect(try array.doubles() == expected.map(Double.init))
          default: #expect(try array.integers() == expected)
          }
        }
      }
    }
    expectFileError(.unsupported, "objects.npy", "pickle") { _ = try NumPyArray(path: folder.file("objects.npy")) }
    #expect(try NumPyArray(path: folder.file("scalar.npy")).floats() == [1.5])
    #expect(try NumPyArray(path: folder.file("v2.npy")).int32s() == [0, 1, 2])
    #expect(try NumPyArray(path: folder.file("v3.npy")).int32s() == [0, 1, 2])
  }

  @Test func isReadByNumPy() throws {
    let folder = try TemporaryFolder()
    for type in NumPyElementType.allCases {
      let array = try NumPyArray(
        elementType: type, shape: [2, 3], bytes: Data((0..<6 * type.size).map { $0 % type.size == 0 ? 1 : 0 }))
      try AtomicFile.write(array.serialized(), to: folder.file("\(type).npy"), force: false)
    }
    let archive = NumPyArchive(entries: [
      .init(name: "x", array: try NumPyArray(shape: [2, 2], floats: [1, 2, 3, 4])),
      .init(name: "näme", array: try NumPyArray(shape: [], int64s: [-7])),
      .init(name: "none", array: try NumPyArray(shape: [0, 3], doubles: [])),
    ])
    try AtomicFile.write(archive.serialized(), to: folder.file("a.npz"), force: false)
    try Python.run(
      """
      import sys, zipfile, numpy as np
      for t in sys.argv[2].split():
        a = np.load(f"{sys.argv[1]}/{t}.npy")
        assert a.dtype == np.dtype(t) and a.shape == (2, 3) and a.flags.c_contiguous, (t, a.dtype)
        if t[0] in "iu": assert a.tolist() == [[1] * 3] * 2, a
      assert zipfile.ZipFile(sys.argv[1] + "/a.npz").testzip() is None
      z = np.load(sys.argv[1] + "/a.npz")
      assert z.files == ["x", "n\\u00e4me", "none"], z.files
      assert z["x"].tolist() == [[1, 2], [3, 4]] and z["x"].dtype == np.float32
      assert z["n\\u00e4me"].shape == () and z["n\\u00e4me"] == -7
      assert z["none"].shape == (0, 3)
      """, folder.path, Self.types)
  }

  @Test func readsArchivesThatNumPyWrites() throws {
    let folder = try TemporaryFolder()
    try Python.run(
      """
      import sys, io, zipfile, numpy as np
      d = sys.argv[1]
      arrays = {"x": np.arange(3000, dtype=np.float32).reshape(3, 1000) % 7, "y": np.array([3, 1], np.int64),
        "n\\u00e4me": np.zeros((0, 2)), "big": np.zeros(500_000, np.uint8)}
      np.savez(d + "/stored.npz", **arrays)
      np.savez_compressed(d + "/deflated.npz", **arrays)
      class Stream(io.RawIOBase):  # cannot seek: sizes and checksums come after the data
        def __init__(self): self.data = bytearray()
        def writable(self): return True
        def write(self, b): self.data += b; return len(b)
      for method, name in ((zipfile.ZIP_STORED, "streamed"), (zipfile.ZIP_DEFLATED, "streamed-deflated")):
        s = Stream()
        with zipfile.ZipFile(s, "w", method) as z:
          for k, a in arrays.items():
            b = io.BytesIO(); np.save(b, a); z.writestr(k + ".npy", b.getvalue())
        open(f"{d}/{name}.npz", "wb").write(s.data)
      with zipfile.ZipFile(d + "/commented.npz", "w") as z:
        z.comment = b"a comment PK\\x05\\x06 that looks like an end"
        b = io.BytesIO(); np.save(b, np.arange(3)); z.writestr("y.npy", b.getvalue())
      zipfile.ZIP64_LIMIT = 100  # forces the long fields
      zipfile.ZIP_FILECOUNT_LIMIT = 1
      with zipfile.ZipFile(d + "/long.npz", "w", zipfile.ZIP_DEFLATED) as z:
        for k, a in arrays.items():
          with z.open(k + ".npy", "w", force_zip64=True) as f: np.lib.format.write_array(f, np.asanyarray(a))
      """, folder.path)
    for name in ["stored", "deflated", "streamed", "streamed-deflated", "long"] {
      let archive = try NumPyArchive(path: folder.file(name + ".npz"))
      #expect(archive.names == ["x", "y", "näme", "big"], "\(name)")
      #expect(try archive.array("x").floats() == (0..<3000).map { Float($0 % 7) })
      #expect(try archive.array("y").integers() == [3, 1])
      #expect(try archive.array("näme").shape == [0, 2])
      #expect(try archive.array("big").count == 500_000)
      #expect(try NumPyArchive(bytes: archive.serialized(), source: "again") == archive)
    }
    #expect(try NumPyArchive(path: folder.file("commented.npz")).array("y").integers() == [0, 1, 2])
    expectFileError(.tooLarge, "deflated.npz", "'big.npy'", "100000") {
      _ = try NumPyArchive(path: folder.file("deflated.npz"), maximumByteCount: 100_000)
    }
  }
}
