/// The part of a search that one job of several does: part I of N, from 1.
public struct SearchShard: Sendable, Hashable, CustomStringConvertible {
  /// I, from 1.
  public let index: Int
  /// N, the number of jobs.
  public let count: Int

  /// - Throws: `TicketError.invalidParameter` unless 1 ≤ I ≤ N ≤ 1048576.
  public init(_ index: Int, of count: Int) throws(TicketError) {
    guard (1...1 << 20).contains(count), (1...count).contains(index) else {
      throw .invalidParameter(
        name: "shard", expected: "I/N with 1 ≤ I ≤ N ≤ 1048576", found: "\(index)/\(count)")
    }
    (self.index, self.count) = (index, count)
  }

  /// The shard that a text such as "3/8" names; nil for any other text.
  public init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1],
      let shard = try? SearchShard(index, of: count), shard.description == text
    else { return nil }
    self = shard
  }

  /// "3/8".
  public var description: String { "\(index)/\(count)" }
}
