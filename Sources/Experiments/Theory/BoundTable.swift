import Foundation
import SubsetSum

/// Every bound on the width for one question, sufficient and necessary, published and derived.
///
/// ```swift
/// let question = try BoundsQuestion(
///   kernel: 3, channelsIn: 1, channelsOut: 8, layers: 3, epsilon: 1e-3)
/// for bound in BoundTable(question).bounds {
///   print(bound.name, bound.value.map { "\($0)" } ?? "outside its range")
/// }
/// ```
///
/// Cost: milliseconds, memory for the rows alone.
public struct BoundTable: Sendable, Hashable {
  /// Figures for a given width N.
  public struct AtCount: Sendable, Hashable {
    /// N.
    public let count: Int
    /// ε* = √(πN/4)·2^(−N/m), where one of all subsets is expected.
    public let scale: LargeNumber
    /// The size k > m with most expected hits; nil where N ≤ m, and so the two below.
    public let bestSize: Int?
    /// E T_k at the question's ε for that size.
    public let expectedHits: LargeNumber?
    /// The error at which E T_k = 1 for that size.
    public let fixedSizeScale: LargeNumber?
  }

  /// What was asked.
  public let question: BoundsQuestion
  /// The rows, in the order of the printed table.
  public let bounds: [WidthBound]
  /// Nil where the question gives no width.
  public let atCount: AtCount?

  /// The bounds for a question.
  ///
  /// - Parameters:
  ///   - question: The layer and the accuracy.
  ///   - measured: Figures of stores to stand beside the theory's (`WidthBound.measured`).
  public init(_ question: BoundsQuestion, measured: [WidthBound] = []) {
    self.question = question
    bounds =
      [
        PublishedBounds.theorem(question), PublishedBounds.bookkeeping(question), PublishedBounds.lemma(question),
        Self.existence(question),
      ] + measured + [
        Self.fixedSize(question), Self.cube(question), Self.layer(question),
        PublishedBounds.lueker(question), PublishedBounds.becchetti(question), PublishedBounds.pensia(question),
        PublishedBounds.malach(question),
      ]
    atCount = question.count.map { Self.figures($0, question) }
  }

  private static func figures(_ count: Int, _ question: BoundsQuestion) -> AtCount {
    let m = question.dimension
    let size = FirstMoment.bestSize(count: count, dimension: m)
    return AtCount(
      count: count, scale: LargeNumber(logarithm: FirstMoment.logScale(count: count, dimension: m)), bestSize: size,
      expectedHits: size.map {
        LargeNumber(
          logarithm: FirstMoment.logExpected(count: count, size: $0, dimension: m, epsilon: question.epsilon))
      },
      fixedSizeScale: size.map {
        LargeNumber(logarithm: FirstMoment.logScale(count: count, size: $0, dimension: m))
      })
  }

  private static func existence(_ question: BoundsQuestion) -> WidthBound {
    let value = FirstMoment.count(dimension: question.dimension, epsilon: question.epsilon).map { LargeNumber($0) }
    return WidthBound(
      "one expected subset", source: "first moment", .derived, .scale, .subsetSums, counting: .candidates,
      formula: "n = m·log₂(√(πn/4)/ε)", isConstantKnown: true, value: value,
      condition: "‖z‖₂ small beside √n; existence, not a way to find it",
      meaning: value.map { "a channel and sign; " + LayerMeaning.filters($0, question) }
        ?? "nothing: ε is above what the formula has a solution for")
  }

  private static func fixedSize(_ question: BoundsQuestion) -> WidthBound {
    let m = question.dimension
    let found = FirstMoment.fixedSize(dimension: m, epsilon: question.epsilon)
    let value = LargeNumber(Double(found.count))
    return WidthBound(
      "one expected subset of one size", source: "first moment", .derived, .scale, .subsetSums,
      counting: .candidates,
      formula: "smallest n, and k > m, with C(n,k)·(ε/√π)^m·Γ((k−m)/2)/Γ(k/2) ≥ 1", isConstantKnown: true,
      value: value, size: LargeNumber(Double(found.size)),
      condition: "small ε and ‖z‖₂² ≪ k − m = \(found.size - m); optimistic for larger z",
      meaning: "k = \(found.size) of n = \(found.count); " + LayerMeaning.filters(value, question))
  }

  private static func cube(_ question: BoundsQuestion) -> WidthBound {
    let value = LargeNumber(CountingBounds.cube(dimension: question.dimension, epsilon: question.epsilon))
    return WidthBound(
      "enough subsets for a cube", source: "counting", .derived, .necessary, .subsetSums, counting: .candidates,
      formula: "n ≥ m·log₂(1/ε)", isConstantKnown: true, value: value,
      condition: "every z in [-1, 1]^m within ε by one of 2ⁿ subsets",
      meaning: "no candidates whatever, random or chosen, do with fewer a channel and sign")
  }

  private static func layer(_ question: BoundsQuestion) -> WidthBound {
    let value = LargeNumber(
      CountingBounds.layer(
        weights: question.layerWeights, channelsIn: question.channelsIn, epsilon: question.epsilon))
    return WidthBound(
      "enough masks for a layer", source: "counting", .derived, .necessary, .structured, counting: .width,
      formula: "N ≥ (s·log₂(1/ε) − log₂ s!)/(2·c_in), s = min(d²·c_in·c_out, ⌊1/ε⌋)", isConstantKnown: true,
      value: value, condition: "one layer, signed inputs, every K with ‖K‖₁ ≤ 1",
      meaning: LayerMeaning.filters(value, question))
  }
}
