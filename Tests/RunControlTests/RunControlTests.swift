import RunControl
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
