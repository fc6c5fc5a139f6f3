import Experiments
import Testing

/// The examples of doc comments, compiled and run; `HouseTests` compares their text.
@Suite struct ExampleTests {
  @Test func aSweep() throws {
    let folder = try StoreFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.file("example.sqlite")
    // example
    let specification = try SweepSpecification(
      dimensions: [1], counts: [8, 12], epsilons: [0.01], trials: 100, seed: 1)
    try Sweep(specification).run(storingIn: path)
    for summary in try CellSummary.all(of: ResultStore(reading: path)) {
      print(summary.cell.count, summary.outcomes[0].fraction ?? 0)
    }
    // end
    #expect(try ResultStore(reading: path).count() == 200)
  }

  @Test func aStore() throws {
    let folder = try StoreFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.file("example.sqlite")
    try Sweep(try SweepSpecification(dimensions: [1], counts: [8], trials: 50, seed: 1)).run(storingIn: path)
    // example
    let store = try ResultStore(reading: path)
    var errors: [Double] = []
    try store.forEachTrial(in: 0) { errors.append($0.error) }
    // end
    #expect(errors.count == 50)
  }

  @Test func aTableOfBounds() throws {
    // example
    let question = try BoundsQuestion(
      kernel: 3, channelsIn: 1, channelsOut: 8, layers: 3, epsilon: 1e-3)
    for bound in BoundTable(question).bounds {
      print(bound.name, bound.value.map { "\($0)" } ?? "outside its range")
    }
    // end
    #expect(BoundTable(question).bounds.contains { $0.name == "one expected subset" })
  }
}
