import Glibc
import LinearAlgebra
import MachineKernels
import Testing

/// The test that guards a switch of OpenBLAS's kernels. (A switch is process-wide, so it is tested
/// on the executable.)
@Suite(.serialized) struct BLASSelfTestTests {
  @Test func theKernelsInUseAreRight() { #expect(BLASCores.selfTest() == nil) }

  /// A fault inside a guarded test is a finding, not the end of the process; what comes after runs
  /// as before.
  @Test func faultsAreFindings() throws {
    let illegal = machine_guarded(
      { _ in
        raise(SIGILL); return nil
      }, nil)
    #expect(illegal.map { String(cString: $0) } == "an instruction that the CPU does not have")
    let outside = machine_guarded(
      { _ in
        raise(SIGSEGV); return nil
      }, nil)
    #expect(outside.map { String(cString: $0) } == "a fault in memory or arithmetic")
    #expect(machine_guarded({ _ in nil }, nil) == nil)
    let wrong = machine_guarded({ _ in UnsafePointer(strdup("two and two")) }, nil)
    #expect(wrong.map { String(cString: $0) } == "two and two")
  }

  @Test func handlersOfTheHostComeBack() {
    var before = sigaction()
    sigaction(SIGILL, nil, &before)
    _ = machine_guarded(
      { _ in
        raise(SIGILL); return nil
      }, nil)
    var after = sigaction()
    sigaction(SIGILL, nil, &after)
    #expect(before.sa_flags == after.sa_flags)
    #expect(
      unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
        == unsafeBitCast(after.__sigaction_handler.sa_handler, to: Int.self))
  }

  @Test func narrowCoresAreThoseBelowTheCPU() {
    #expect(FittingBLASCore.isNarrow("Prescott") == (VectorLevel.ofThisCPU > .portable))
    #expect(FittingBLASCore.isNarrow("Haswell") == (VectorLevel.ofThisCPU > .avx2))
    #expect(!FittingBLASCore.isNarrow("SkylakeX") && !FittingBLASCore.isNarrow("NotKnown"))
  }
}
