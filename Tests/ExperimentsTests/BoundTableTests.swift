import Experiments
import Foundation
import Testing

/// Values of the table against the formulas written out, and its conditions.
@Suite struct BoundTableTests {
  private func table(
    _ d: Int = 3, _ c: Int = 8, _ o: Int = 16, _ l: Int = 3, _ epsilon: Double = 1e-3, delta: Double? = nil,
    count: Int? = nil
  ) throws -> BoundTable {
    BoundTable(
      try BoundsQuestion(
        kernel: d, channelsIn: c, channelsOut: o, layers: l, epsilon: epsilon, delta: delta, count: count))
  }

  private func value(_ name: String, _ table: BoundTable) throws -> Double {
    let bound = try #require(table.bounds.first { $0.name == name })
    return try #require(bound.value?.value)
  }

  @Test func valuesAreTheFormulas() throws {
    let table = try table()
    #expect(table.question.dimension == 144)
    let logarithm = log(9.0 * 16 * 8 * 3 / 1e-3)
    let theorem = pow(3, 13) * pow(16, 6) * pow(logarithm, 3)
    let lemmaSize = pow(144, 3) * log(144 / 1e-3)
    let box = log(1000.0)
    let expected = [
      "structured tickets": theorem, "structured tickets, d^12": theorem / 3,
      "subset sums of NSN vectors": lemmaSize * lemmaSize, "enough subsets for a cube": 144 * log2(1000.0),
      "subset sums of numbers": box, "subset sums of vectors": pow(144, 3) * box * (box + log(144)),
      "dense layers, single weights": log(72.0 * 3 / 1e-3), "filters alone, no blocked mask": exp(72.0),
      "one expected subset of one size": 2207,
    ]
    for (name, number) in expected {
      #expect(abs(try value(name, table) - number) <= 1e-9 * number, "\(name)")
    }
    #expect(try value("one expected subset", table).rounded() == 2210)
    let lemma = try #require(table.bounds.first { $0.name == "subset sums of NSN vectors" })
    #expect(abs(lemma.size!.value! - lemmaSize) <= 1e-9 * lemmaSize)
  }

  @Test func everyRowIsComplete() throws {
    let bounds = try table().bounds
    #expect(Set(bounds.map(\.name)).count == bounds.count)
    for bound in bounds {
      #expect(!bound.formula.isEmpty && !bound.meaning.isEmpty && !bound.source.isEmpty)
      // Theorems leave their constants open and have a year, derived scales do not.
      #expect((bound.year != nil) == (bound.standing != .derived))
      if bound.year != nil { #expect(!bound.isConstantKnown) }
    }
    let theorem = try #require(bounds.first)
    #expect(
      theorem.standing == .recalled && theorem.condition!.contains("memory") && theorem.condition!.contains("d^12"))
    #expect(Set(bounds.map(\.subject)) == Set(WidthBound.Subject.allCases))
    #expect(Set(bounds.map(\.direction)) == Set(WidthBound.Direction.allCases))
  }

  @Test func masksOfALayerByHand() throws {
    // ε = 1/2 and a 1×1 kernel of two channels: s = 2, and ε⁻²/2! = 2 masks at least, one bit, over
    // 2·2 filters' worth of N.
    #expect(abs(CountingBounds.layer(weights: 2, channelsIn: 2, epsilon: 0.5) - 0.25) < 1e-12)
    // s stops at 1/ε although there are more weights; every smaller s asks for less.
    let best = CountingBounds.layer(weights: 1e6, channelsIn: 1, epsilon: 0.01)
    for entries in 1...300 {
      let bits = Double(entries) * log2(100) - (1...entries).reduce(0) { $0 + log2(Double($1)) }
      #expect(bits / 2 <= best + 1e-9)
    }
    #expect(CountingBounds.cube(dimension: 3, epsilon: 0.25) == 6)
  }

  @Test func necessaryWidthsLieBelowSufficientOnes() throws {
    for (d, o, epsilon) in [(1, 1, 0.2), (3, 8, 1e-3), (5, 64, 1e-6), (3, 512, 0.01)] {
      let table = try table(d, 4, o, 5, epsilon)
      let scale = try value("one expected subset", table)
      #expect(try value("enough subsets for a cube", table) < scale * 1.5)
      if o > 1 {
        #expect(try scale < value("subset sums of vectors", table))
        #expect(try value("enough masks for a layer", table) < value("structured tickets", table))
      }
    }
  }

  @Test func hugeValuesAreReportedByTheirLogarithms() throws {
    let bound = try #require(try table(5, 512, 512, 50).bounds.first { $0.name == "filters alone, no blocked mask" })
    let number = try #require(bound.value)
    #expect(number.value == nil && abs(number.log10 - 12800 / log(10)) < 1e-6)
    #expect(number.description == "10^5558.97")
    #expect(LargeNumber(1e300).value != nil && LargeNumber(log10: 300.01).value == nil)
    #expect(LargeNumber(119.157).description == "119.2" && LargeNumber(0.5).description == "0.5")
  }

  @Test func figuresForAWidth() throws {
    let figures = try #require(try table(3, 8, 16, 3, 1e-3, count: 2210).atCount)
    #expect(abs(figures.scale.value! / 1e-3 - 1) < 0.01)
    #expect(figures.bestSize! > 1000 && figures.expectedHits!.log10 > 0 && figures.fixedSizeScale!.value! < 1e-3)
    let few = try #require(try table(3, 8, 16, 3, 1e-3, count: 144).atCount)
    #expect(few.bestSize == nil && few.expectedHits == nil && few.scale.value! > 1)
    // 2^(−N/m) leaves Double; its logarithm does not.
    let many = try #require(try table(1, 1, 1, 1, 1e-3, count: 1 << 40).atCount)
    #expect(many.scale.value == nil && abs(many.scale.log10 / (-pow(2, 40) * log10(2)) - 1) < 1e-9)
    #expect(try table().atCount == nil)
  }

  @Test func deltaIsUsedWhereAFormulaHasIt() throws {
    let strict = try table(3, 1, 1, 1, 0.01, delta: 1e-12)
    let loose = try table(3, 1, 1, 1, 0.01, delta: 0.9)
    #expect(try table(3, 1, 1, 1, 0.01).question.delta == 0.01)
    let changed = zip(strict.bounds, loose.bounds).filter { $0 != $1 }.map { $0.0.name }
    #expect(changed == ["subset sums of NSN vectors"])
  }

  @Test func aLemmaOutsideItsRangeSaysSo() throws {
    let lemma = try #require(try table(3, 1, 1, 1, 0.3).bounds.first { $0.name == "subset sums of NSN vectors" })
    #expect(lemma.value == nil && lemma.size == nil && lemma.meaning.contains("1/4"))
  }

  @Test func questionsOutsideTheirRangesAreNamed() {
    func rejects(_ quantity: String, _ make: () throws -> BoundsQuestion) {
      let error = #expect(throws: ExperimentError.self) { try make() }
      guard case .outOfRange(let named, _, _)? = error else { return }
      #expect(named == quantity)
    }
    func make(
      _ d: Int = 3, _ c: Int = 1, _ o: Int = 1, _ l: Int = 1, _ epsilon: Double = 0.1, _ delta: Double? = nil,
      _ count: Int? = nil
    ) throws -> BoundsQuestion {
      try BoundsQuestion(
        kernel: d, channelsIn: c, channelsOut: o, layers: l, epsilon: epsilon, delta: delta, count: count)
    }
    rejects("kernel") { try make(0) }
    rejects("kernel") { try make(.max) }
    rejects("channels in") { try make(3, -1) }
    rejects("channels out") { try make(3, 1, .max) }
    rejects("layers") { try make(3, 1, 1, 0) }
    rejects("kernel² · channels out") { try make(1024, 1, 1 << 20) }
    for epsilon in [0, -1, 1, .nan, .infinity] { rejects("epsilon") { try make(3, 1, 1, 1, epsilon) } }
    rejects("delta") { try make(3, 1, 1, 1, 0.1, 0) }
    rejects("count") { try make(3, 1, 1, 1, 0.1, nil, 0) }
    // The extremes of every range are computed without overflow.
    for epsilon in [Double.leastNonzeroMagnitude, 0.999999] {
      let table = try? BoundTable(
        BoundsQuestion(
          kernel: 1 << 10, channelsIn: 1 << 20, channelsOut: 1 << 10, layers: 1 << 20, epsilon: epsilon,
          count: 1 << 40))
      #expect(table?.bounds.allSatisfy { $0.value.map { $0.log10.isFinite } ?? true } == true)
    }
  }
}
