import Foundation
import RandomStreams
import TestSupport
import Testing

/// `tools/regenerate_weights.py` and NumPy's own Philox against the streams, bit for bit.
@Suite(.enabled(if: Python.hasNumPy, "the interpreter named by TOMBOLA_PYTHON (default python3) cannot import numpy"))
struct NumPyTests {
  @Test func wordsAreNumPysPhilox() throws {
    let address = StreamAddress(seed: .max - 4, path: StreamPath(filter: 1, channel: 1 << 63, layer: .max))
    let output = try Python.run([
      "-c",
      """
      import sys, numpy
      key = numpy.array([\(address.seed), \(StreamAddress.domain)], numpy.uint64)
      counter = numpy.array([0, \(address.path.filter), \(address.path.channel), \(address.path.layer)], numpy.uint64)
      sys.stdout.buffer.write(numpy.random.Philox(counter=counter, key=key).random_raw(1001).tobytes())
      """,
    ])
    var words = [UInt64](repeating: 0, count: 1001)
    words.withUnsafeMutableBufferPointer { UniformStream.fillWords($0, at: address) }
    #expect(output == words.withUnsafeBytes { Data($0) })
  }

  /// Many words through both transforms, those of every branch and edge among them.
  @Test func normalsOfWords() throws {
    try inTemporaryFolder { folder in
      let words = CraftedWords.all + (0..<200_000).map { StreamAddress(seed: 1).word($0) }
      try words.withUnsafeBytes { try Data($0).write(to: folder.appendingPathComponent("words")) }
      let output = try Python.run([
        "-c",
        """
        import sys
        sys.path.insert(0, sys.argv[1])
        import numpy, regenerate_weights
        words = numpy.fromfile(sys.argv[2] + "/words", numpy.uint64)
        sys.stdout.buffer.write(regenerate_weights.normals_of_words(words).tobytes())
        """,
        Python.tools.path, folder.path,
      ])
      let normals = words.map { InverseNormal.normal(ofWord: $0) }
      #expect(output == normals.withUnsafeBytes { Data($0) })
    }
  }

  @Test func commandRegeneratesScalars() throws {
    let expected = weights(1000, at: WeightAddress.scalars(seed: .max, block: 2, channel: 17))
    let options = ["--seed", "\(UInt64.max)", "--block", "2", "--channel", "17"]
    try checkCommand(["scalars"] + options + ["--count", "1000"], expected)
  }

  @Test func commandRegeneratesSlices() throws {
    let expected = weights(5 * 5 * 12, at: WeightAddress.slice(seed: 42, block: 1, channel: 3, filter: 70_000))
    let options = ["--seed", "42", "--block", "1", "--channel", "3", "--filter", "70000"]
    try checkCommand(["slice"] + options + ["--shape", "5", "5", "12"], expected)
  }

  @Test func commandRefusesBadArguments() throws {
    let script = Python.tools.appendingPathComponent("regenerate_weights.py").path
    let options = ["scalars", "--seed", "1", "--block", "0", "--channel", "0", "--count", "1"]
    #expect(throws: Python.Failure.self) { try Python.run([script] + options) }
  }

  /// Runs the command twice: into a file, whose last bytes are the weights, and as text.
  private func checkCommand(_ arguments: [String], _ expected: [Float]) throws {
    let script = Python.tools.appendingPathComponent("regenerate_weights.py").path
    try inTemporaryFolder { folder in
      let file = folder.appendingPathComponent("weights.npy")
      _ = try Python.run([script] + arguments + ["-o", file.path])
      let bytes = expected.withUnsafeBytes { Data($0) }
      #expect(try Data(contentsOf: file).suffix(bytes.count) == bytes)
    }
    let text = String(decoding: try Python.run([script] + arguments), as: UTF8.self)
    #expect(text.split(separator: "\n").map { Float($0) } == expected)
  }

  private func weights(_ count: Int, at address: StreamAddress) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
    return values
  }

  private func inTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
