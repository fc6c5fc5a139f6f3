import Foundation
import SubsetSum

/// Which two of n sorted values enclose the median of their distribution, with at least a given
/// confidence, whatever the distribution.
///
/// The number of values below the median is binomial(n, 1/2). With r the largest rank, counted from
/// 1, for which at most r − 1 of n fall below the median with probability at most (1 −
/// confidence)/2, the r-th value from below and the r-th from above enclose it: the interval of the
/// sign test. It is wider than asked for rather than narrower.
public struct RankInterval: Sendable, Hashable {
  /// The lower value's position in ascending order, from 0.
  public let low: Int
  /// The upper value's position; low + high = n − 1.
  public let high: Int

  /// Nil where even the least and the largest value are not enough: for 95 % below six values.
  ///
  /// Cost: about √n steps, from the middle outwards.
  ///
  /// - Parameters:
  ///   - n: how many values there are.
  ///   - confidence: above 0, below 1.
  public init?(count n: Int, confidence: Double = 0.95) {
    guard n > 0, confidence > 0, confidence < 1 else { return nil }
    let tail = (1 - confidence) / 2
    // P(X = k) and P(X ≤ k) at k = ⌊n/2⌋ − 1, then downwards.
    let middle = n / 2
    var chance = exp(logBinomial(Double(n), Double(middle)) - Double(n) * log(2))
    // The distribution is symmetric: P(X ≤ ⌊n/2⌋) is 1/2 for odd n, and (1 + P(X = n/2))/2 for even
    // n.
    var atMost = n % 2 == 0 ? (1 + chance) / 2 : 0.5
    var k = middle
    while k >= 0, atMost > tail {
      atMost -= chance
      chance *= Double(k) / Double(n - k + 1)
      k -= 1
    }
    // k is the largest number for which P(X ≤ k) is at most the tail: the value of rank k + 1, at
    // position k from 0, is the lower end.
    guard k >= 0 else { return nil }
    (low, high) = (k, n - 1 - k)
  }
}
