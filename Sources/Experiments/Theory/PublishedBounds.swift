import Foundation

/// Widths of published theorems. None gives its constant: values are for C = 1.
enum PublishedBounds {
  /// What the table says of exponents that were not compared with the paper.
  private static let caveat = "exponents quoted from memory"

  /// da Cunha, d'Amore, Natale 2023: structured pruning of random convolutional networks.
  static func theorem(_ question: BoundsQuestion) -> WidthBound {
    let value = polynomial(question, kernelExponent: 13)
    return WidthBound(
      "structured tickets", source: "da Cunha, d'Amore, Natale", year: 2023, .recalled, .sufficient, .structured,
      counting: .width, formula: "n ≥ C·d^13·c_out^6·log³(d²·c_out·c_in·ℓ/ε), natural logarithm",
      isConstantKnown: false, value: value,
      condition: "‖K‖₁ ≤ 1 in every layer; probability 1 − ε; \(caveat), and bookkeeping gives d^12",
      meaning: LayerMeaning.filters(value, question))
  }

  /// The same from the theorem's own lemma: n = k² with k = C·m³·log(m/ε) and m = d²·c_out is
  /// d^12·c_out^6·log², and one more logarithm is for the groups that raise the probability.
  static func bookkeeping(_ question: BoundsQuestion) -> WidthBound {
    let value = polynomial(question, kernelExponent: 12)
    return WidthBound(
      "structured tickets, d^12", source: "that theorem's lemma, multiplied out", .derived, .sufficient, .structured,
      counting: .width, formula: "n ≥ C·d^12·c_out^6·log³(d²·c_out·c_in·ℓ/ε), natural logarithm",
      isConstantKnown: false, value: value,
      condition: "as above; rests on the lemma below",
      meaning: LayerMeaning.filters(value, question))
  }

  private static func polynomial(_ question: BoundsQuestion, kernelExponent: Double) -> LargeNumber {
    LargeNumber(
      logarithm: kernelExponent * log(Double(question.kernel)) + 6 * log(Double(question.channelsOut))
        + 3 * log(question.logarithmOfSize))
  }

  /// The lemma behind the theorem: NSN vectors, subsets of one size k.
  static func lemma(_ question: BoundsQuestion) -> WidthBound {
    let m = Double(question.dimension)
    let size = LargeNumber(logarithm: 3 * log(m) + log(log(m) - log(question.epsilon)))
    let isInside = question.epsilon <= 0.25
    let groups = max(1, log(1 / question.delta))
    return WidthBound(
      "subset sums of NSN vectors", source: "da Cunha, d'Amore, Natale", year: 2023, .recalled, .sufficient,
      .subsetSums, counting: .candidates, formula: "n ≥ k², k ≥ C·m³·log(m/ε), natural logarithm",
      isConstantKnown: false, value: isInside ? size * size : nil, size: isInside ? size : nil,
      condition: "ε ≤ 1/4, ‖z‖₁ ≤ √k; error at most 2ε with constant probability; \(caveat)",
      meaning: isInside
        ? "subsets of k = \(size); for probability 1 − δ times log(1/δ): \(size * size * LargeNumber(groups)) a channel and sign"
        : "nothing: ε is above 1/4")
  }

  static func lueker(_ question: BoundsQuestion) -> WidthBound {
    let value = LargeNumber(-log(question.epsilon))
    return WidthBound(
      "subset sums of numbers", source: "Lueker", year: 1998, .proved, .sufficient, .oneDimension,
      counting: .candidates, formula: "n = O(log(1/ε)), natural logarithm", isConstantKnown: false, value: value,
      condition: "every z in [-1, 1], with high probability",
      meaning: question.dimension == 1
        ? "this problem: m = 1" : "a single weight: candidates for each, not for \(question.dimension) at once")
  }

  static func becchetti(_ question: BoundsQuestion) -> WidthBound {
    let m = Double(question.dimension)
    let accuracy = -log(question.epsilon)
    let value = LargeNumber(logarithm: 3 * log(m) + log(accuracy) + log(accuracy + log(m)))
    return WidthBound(
      "subset sums of vectors", source: "Becchetti et al.", year: 2022, .proved, .sufficient, .subsetSums,
      counting: .candidates, formula: "n = O(m³·log(1/ε)·(log(1/ε) + log m)), natural logarithms",
      isConstantKnown: false, value: value,
      condition: "vectors with independent coordinates; every z in [-1, 1]^m, with high probability",
      meaning: "candidates for one channel and sign, if a filter's coordinates shared no factor |u|")
  }

  static func pensia(_ question: BoundsQuestion) -> WidthBound {
    let width = max(
      Double(question.kernel * question.kernel) * Double(question.channelsIn), Double(question.channelsOut))
    let value = LargeNumber(log(width) + log(Double(question.layers)) - log(question.epsilon))
    return WidthBound(
      "dense layers, single weights", source: "Pensia et al.", year: 2020, .proved, .sufficient, .unstructured,
      counting: .factor, formula: "width × O(log(w·ℓ/ε)), w = max(d²·c_in, c_out), natural logarithm",
      isConstantKnown: false, value: value, condition: "dense layers of width w",
      meaning:
        "each of the layer's \(LargeNumber(question.layerWeights)) weights has \(value) random ones to choose from, any of which goes alone"
    )
  }

  /// Removing whole neurons and nothing else leaves a random-features model, which needs
  /// exponentially many neurons for a single ReLU.
  static func malach(_ question: BoundsQuestion) -> WidthBound {
    let inputs = question.kernel * question.kernel * question.channelsIn
    let value = LargeNumber(logarithm: Double(inputs))
    return WidthBound(
      "filters alone, no blocked mask", source: "Malach et al.", year: 2020, .recalled, .necessary, .structured,
      counting: .filters, formula: "exp(C·D) filters for D inputs, here D = d²·c_in", isConstantKnown: false,
      value: value,
      condition: "two layers, filters removed, no mask: a random-features model; D = d²·c_in is our reading",
      meaning: "the channel-blocked mask escapes it: a hidden filter then sees one number")
  }
}

/// Sentences on what a width comes to in the question's layer.
enum LayerMeaning {
  /// 2·N·c_in random filters for c_out of the target's.
  static func filters(_ width: LargeNumber, _ question: BoundsQuestion) -> String {
    let filters = width * LargeNumber(2 * Double(question.channelsIn))
    return
      "2·N·c_in = \(filters) random filters in this layer, with \(filters * LargeNumber(Double(question.dimension) + 1)) weights"
  }
}
