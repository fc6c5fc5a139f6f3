import RunControl

/// One of the coolings that run side by side from one subset. It has a state of its own over rows
/// that all lanes share.
///
/// One thread uses it at a time; rows are only read while lanes run.
final class ExchangeLane: @unchecked Sendable {
  let state: ExchangeState
  private let descent: ExchangeDescent
  private let annealing: ExchangeAnnealing
  private(set) var meter: WorkMeter

  init(
    _ problem: Problem, _ rows: ShortCandidates, window: Int, start: [Int], pairWindow: Int, _ control: RunControl
  ) throws {
    state = try ExchangeState(problem, rows, window: window, start: start)
    descent = ExchangeDescent(state, pairWindow: pairWindow)
    annealing = ExchangeAnnealing(state)
    meter = WorkMeter(control, defaultLimit: 0)
  }

  /// Descends to a local optimum from the present subset.
  func descend(_ meter: inout WorkMeter) -> Bool { descent.run(&meter) }

  /// One cooling from the best subset, and the local optimum next to the best subset that it meets.
  ///
  /// - Parameters:
  ///   - heat: the scale at the start, as a multiple of the present one; `chill` is that at the
  ///     end.
  ///   - work: the units that it may spend.
  func cool(number: Int, bits: Int, heat: Double, chill: Double, _ control: RunControl, work: UInt64) {
    meter = WorkMeter(control.withWork(work), defaultLimit: 0)
    state.returnToBest()
    let scale = state.scale
    if !(scale > 0 && scale.isFinite) { return }
    let isFinished = annealing.run(number: number, bits: bits, high: heat * scale, low: chill * scale, &meter)
    state.returnToBest()
    if isFinished { _ = descent.run(&meter) }
  }
}
