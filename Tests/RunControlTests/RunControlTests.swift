import RunControl
import Synchronization
import Testing

@Suite struct RunControlTests {
  @Test func aFreshRunGoesOn() {
    #expect(RunControl().interruption() == nil)
    #expect(RunControl(limits: Limits(work: 1, seconds: 3600)).interruption() == nil)
  }

  @Test func cancellationReachesEveryShareOfTheRun() {
    let control = RunControl()
    let share = control.withWork(10)
    #expect(share.limits.work == 10)
    #expect(control.limits.work == nil)
    control.cancellation.cancel()
    #expect(control.interruption() == .cancelled)
    #expect(share.interruption() == .cancelled)
  }

  @Test func anElapsedTimeLimitIsReportedAndSharesKeepTheDeadline() {
    let control = RunControl(limits: Limits(seconds: 0))
    #expect(control.interruption() == .timeLimit)
    #expect(control.withWork(nil).interruption() == .timeLimit)
  }

  @Test func cancellationIsToldBeforeTheTimeLimit() {
    let control = RunControl(limits: Limits(seconds: 0))
    control.cancellation.cancel()
    #expect(control.interruption() == .cancelled)
  }
}

@Suite struct MemoryTests {
  @Test func sizesStayAtTheLargestNumber() {
    #expect(ByteCount.product(3, 4, 5) == 60)
    #expect(ByteCount.product() == 1)
    #expect(ByteCount.product(0, .max, .max) == 0)
    #expect(ByteCount.product(1 << 32, 1 << 32) == .max)
    #expect(ByteCount.sum(1, 2, 3) == 6)
    #expect(ByteCount.sum(.max, 1, .max) == .max)
  }

  @Test func noRunMayUseMoreThanTheMachineHas() {
    #expect(MachineMemory.bytes > 1 << 20)
    #expect(Limits().allowedBytes == MachineMemory.bytes)
    #expect(Limits(memoryBytes: 5).allowedBytes == 5)
    #expect(Limits(memoryBytes: .max).allowedBytes == MachineMemory.bytes)
    #expect(Limits().allowedBytes(default: 7) == 7)
    #expect(Limits(memoryBytes: 9).allowedBytes(default: 7) == 9)
  }
}

/// Parts of a run.
@Suite struct RunPartTests {
  @Test func workThatHasNothingToShowIsInterrupted() throws {
    let control = RunControl(limits: Limits(seconds: 3600))
    try control.checkInterruption()
    control.cancellation.cancel()
    #expect(throws: Interruption(reason: .cancelled)) { try control.checkInterruption() }
  }

  @Test func aShareOfTheTimeEndsBeforeTheWhole() throws {
    let start = ContinuousClock.now
    let now = Mutex(start)
    func wait(_ seconds: Double) { now.withLock { $0 = $0.advanced(by: .seconds(seconds)) } }
    let control = RunControl(limits: Limits(seconds: 10), clock: { now.withLock { $0 } })
    wait(2)
    let share = control.withSeconds(3)
    let beyond = control.withSeconds(30)
    #expect(control.secondsLeft == 8 && share.secondsLeft == 3 && beyond.secondsLeft == 8)
    #expect(RunControl(clock: { now.withLock { $0 } }).withSeconds(1).secondsLeft == 1)
    wait(3)
    #expect(share.interruption() == .timeLimit && control.interruption() == nil)
    wait(5)
    #expect(control.interruption() == .timeLimit && beyond.interruption() == .timeLimit)
  }

  @Test func aPartWithoutATimePlanIsStoppedAllTheSame() {
    let control = RunControl(limits: Limits(seconds: 0)).withoutTimePlan()
    #expect(control.limits.seconds == nil && control.secondsLeft == nil)
    #expect(control.limits.work(orDefault: 5) == 5)
    #expect(control.interruption() == .timeLimit)
  }

  @Test func stepsSayWhatTheyAre() {
    let control = RunControl(limits: Limits(work: 9))
    let step = control.forStep(work: 4)
    #expect(!control.isStep && step.isStep && step.limits.work == 4 && step.silenced().isStep)
  }
}
