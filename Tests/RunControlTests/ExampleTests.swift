import RunControl
import Testing

/// The examples of doc comments, compiled and run; `HouseTests` compares their text.
@Suite struct ExampleTests {
  @Test func aRun() throws {
    // example
    let control = RunControl(limits: Limits(seconds: 10))
    var (sum, next) = (0, 1)
    while next <= 1000, control.interruption() == nil {
      sum += next
      next += 1
    }
    // end
    #expect(sum == 500_500)
  }

  @Test func limitsOfARun() throws {
    // example
    let limits = Limits(work: 1_000_000, memoryBytes: 256 << 20)
    let work = limits.work(orDefault: 1 << 32)  // 1 000 000
    let bytes = limits.allowedBytes  // 256 MiB, or what the machine has
    // end
    #expect(work == 1_000_000 && bytes > 0 && bytes <= 256 << 20)
  }
}
