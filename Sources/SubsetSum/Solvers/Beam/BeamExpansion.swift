import LinearAlgebra
import RunControl

/// Scores every state of a level with every candidate, ‖r − x‖² over tiles by GEMM, and selects the
/// best distinct children.
final class BeamExpansion {
  let selection: BeamSelection
  private let rows: CandidateRows
  private let kept: Int
  private let workers: Int
  private let screen: PairScreen<Float>
  private let forecast: BeamForecast

  /// `rows` must outlive this. Memory: 4·(m+1) bytes a candidate, that of the selection, and a tile
  /// for each worker.
  ///
  /// - Throws: `SubsetSumError.memoryLimit`; `Interruption` when the run must stop.
  init(_ rows: CandidateRows, kept: Int, workers: Int, _ control: RunControl) throws {
    self.rows = rows
    self.kept = kept
    self.workers = workers
    screen = try PairScreen(right: rows, count: rows.count, control)
    selection = try BeamSelection(kept: kept, workers: workers)
    forecast = BeamForecast(kept: kept)
  }

  /// Leaves the best children in `selection`, in ascending order. False where there are none, or
  /// the run must stop.
  ///
  /// - Parameters:
  ///   - first: candidates before this one are not added.
  ///   - limit: children with ‖r‖² above it are left out.
  func selectChildren(
    of parents: BeamStates, from first: Int = 0, within limit: Double = .infinity, _ meter: inout WorkMeter
  ) throws -> Bool {
    let cut = min(limit, try forecast.cut(parents, screen, rows, from: first, workers: workers, &meter))
    guard try select(parents, first, cut, &meter) else { return false }
    // A forecast that left enough children has left all of the best.
    if selection.count < kept, cut < limit {
      guard try select(parents, first, limit, &meter) else { return false }
    }
    forecast.learn(from: selection)
    return selection.count > 0
  }

  private func select(
    _ parents: BeamStates, _ first: Int, _ cut: Double, _ meter: inout WorkMeter
  ) throws -> Bool {
    let (m, subsets) = (rows.dimension, UInt64(parents.count * (rows.count - first)))
    guard meter.allows(subsets * UInt64(m)) else { return false }
    selection.removeAll(cut: cut)
    var visitors = (0..<workers).map { worker in
      BeamExtension(states: parents, rows: rows, selection: selection, control: meter.control, worker: worker)
    }
    let complete = try screen.run(
      leftCount: parents.count, firstRight: first, left: { UnsafePointer(parents.residual($0)) }, &visitors)
    meter.count(work: subsets * UInt64(m), evaluations: subsets)
    if !complete {
      _ = meter.isInterrupted()
      return false
    }
    try selection.sort(meter.control)
    return true
  }
}

/// Takes a level's extensions into the selection.
private struct BeamExtension: PairVisitor {
  let states: BeamStates
  let rows: CandidateRows
  let selection: BeamSelection
  let control: RunControl
  let worker: Int

  var cut: Double { selection.cut }

  func excluded(_ left: Int) -> UnsafeBufferPointer<UInt32> { states.members(left) }

  @inline(__always) mutating func visit(_ left: Int, _ right: Int) {
    let score = rows.squaredDistance(right, from: states.residual(left))
    if !(score <= selection.cut) { return }
    let candidate = UInt32(truncatingIfNeeded: right)
    selection.insert(
      BeamChild(
        score: score, key: states.key(left, adding: candidate), parent: UInt32(truncatingIfNeeded: left),
        candidate: candidate), worker: worker)
  }

  mutating func shouldStop(before pairs: Int) -> Bool { control.interruption() != nil }
}
