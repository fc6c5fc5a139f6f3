import ArgumentParser
import Foundation
import Outcomes

/// Which part of the work a job does, of several that share it.
struct ShardOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Do the I-th of N parts, from 1. array takes I and N from Slurm's job array; array/N takes I alone, also from OAR's.",
      valueName: "I/N|array|array/N"))
  var shard: String?

  private static let expected = "I/N with 1 ≤ I ≤ N ≤ 1048576, array, or array/N"

  /// I and N; nil where all is to be done.
  func chosen(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(OptionError) -> (index: Int, count: Int)? {
    guard let shard else { return nil }
    let wrong = OptionError(option: "--shard", expected: Self.expected, found: "'\(shard)'")
    let parts = shard.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first else { throw wrong }
    let count = parts.count == 2 ? Int(parts[1]) : nil
    if parts.count == 2, count == nil { throw wrong }
    if let count, !(1...1 << 20).contains(count) { throw wrong }
    if first == "array" { return try JobArray(environment: environment).place(of: count) }
    guard let index = Int(first), let count, (1...count).contains(index) else { throw wrong }
    return (index, count)
  }
}
