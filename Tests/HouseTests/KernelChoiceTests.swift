import Testing

/// Tests run beside each other in one process, and choosing BLAS's kernels anew takes them away
/// from whoever multiplies: a test that chooses does so in a process of its own.
@Suite struct KernelChoiceTests {
  /// What chooses kernels, or may.
  private static let choices = ["BLASCores()", ".useBest(", "FittingBLASCore.use(", "machine_blas_redispatch("]

  @Test func testsChooseKernelsInTheirOwnProcesses() throws {
    var seen = 0
    for file in CommentTests.files(of: "Tests")
    where file.hasSuffix(".swift") && !file.hasSuffix("/KernelChoiceTests.swift") {
      var isOwnProcess = false
      for (index, line) in try CommentTests.lines(of: file).enumerated() {
        if line.contains("func ") { isOwnProcess = false }
        if line.contains("processExitsWith:") { isOwnProcess = true }
        let code = line.prefix(while: { $0 != "/" })
        guard Self.choices.contains(where: code.contains) else { continue }
        seen += 1
        #expect(isOwnProcess, "\(file):\(index + 1) chooses kernels beside other tests")
      }
    }
    #expect(seen >= 2)
  }
}
