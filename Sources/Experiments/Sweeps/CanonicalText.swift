import Files
import SubsetSum

extension SweepGrid {
  private typealias Key = SweepSpecification.Key

  /// The lines of a canonical text, in their order.
  private static let lines = [
    Key.seed, Key.trials, Key.solver, Key.norm, Key.size, Key.candidates, Key.target, Key.dimension, Key.count,
    Key.epsilon, Key.workLimit,
  ]
  private static let separator = ", "
  private static let defaultLimit = "default"

  /// All that trials and tables depend on, a line a quantity: two files that say the same have the
  /// same text.
  var canonicalText: String {
    let values: [[String]] = [
      ["\(seed)"], ["\(trials)"], solvers, norms, sizes.map(\.name), candidates, targets, dimensions.map(String.init),
      counts.map(String.init), epsilons.map { "\($0)" }, [workLimit.map { "\($0)" } ?? Self.defaultLimit],
    ]
    return zip(Self.lines, values).map { "\($0) = \($1.joined(separator: Self.separator))\n" }.joined()
  }

  /// SHA-256 of `canonicalText`, in hexadecimal.
  var digest: String { Self.digest(of: canonicalText) }

  static func digest(of text: String) -> String {
    var digest = SHA256Digest()
    digest.update(text)
    return digest.hexadecimal()
  }

  /// From a canonical text.
  ///
  /// - Throws: `ExperimentError.outOfRange` with the quantity of a line that is not as
  ///   `canonicalText` writes it, or whose values no grid has.
  init(canonicalText text: String) throws(ExperimentError) {
    let lines = try CanonicalLines(text, keys: Self.lines)
    let hasDefault = lines.texts(Key.workLimit) == [Self.defaultLimit]
    try self.init(
      dimensions: try lines.values(Key.dimension, { Int($0) }, { "\($0)" }),
      counts: try lines.values(Key.count, { Int($0) }, { "\($0)" }),
      epsilons: lines.texts(Key.epsilon) == [""] ? [] : try lines.values(Key.epsilon, { Double($0) }, { "\($0)" }),
      candidates: lines.texts(Key.candidates), targets: lines.texts(Key.target), solvers: lines.texts(Key.solver),
      norms: lines.texts(Key.norm), sizes: try lines.values(Key.size, { SubsetSize(name: $0) }, { $0.name }),
      trials: try lines.value(Key.trials, { Int($0) }, { "\($0)" }),
      seed: try lines.value(Key.seed, { UInt64($0) }, { "\($0)" }),
      workLimit: hasDefault ? nil : try lines.value(Key.workLimit, { UInt64($0) }, { "\($0)" }))
  }

  /// Lines of a key and its values.
  private struct CanonicalLines {
    private var found: [String: [String]] = [:]

    init(_ text: String, keys: [String]) throws(ExperimentError) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count == keys.count + 1, lines.last == "" else {
        throw .outOfRange(quantity: "specification", expected: "\(keys.count) lines", found: "\(lines.count - 1)")
      }
      for (key, line) in zip(keys, lines) {
        guard line.hasPrefix(key + " = ") else {
          throw .outOfRange(quantity: key, expected: "a line of it", found: "'\(line.prefix(60))'")
        }
        found[key] = line.dropFirst(key.count + 3).split(separator: separator, omittingEmptySubsequences: false)
          .map(String.init)
      }
    }

    func texts(_ key: String) -> [String] { found[key] ?? [] }

    /// Values that are written as they are read.
    func values<Value>(
      _ key: String, _ value: (String) -> Value?, _ written: (Value) -> String
    ) throws(ExperimentError) -> [Value] {
      var made: [Value] = []
      for text in texts(key) {
        guard let value = value(text), written(value) == text else {
          throw .outOfRange(quantity: key, expected: "a value of it", found: "'\(text.prefix(60))'")
        }
        made.append(value)
      }
      return made
    }

    func value<Value>(
      _ key: String, _ value: (String) -> Value?, _ written: (Value) -> String
    ) throws(ExperimentError) -> Value {
      let values = try values(key, value, written)
      guard values.count == 1 else {
        throw .outOfRange(quantity: key, expected: "one value", found: "\(values.count)")
      }
      return values[0]
    }
  }
}
