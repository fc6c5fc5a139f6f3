import CTombola
import Experiments
import Foundation
import Outcomes
import RunControl

/// A sweep behind an opaque pointer.
private final class SweepHandle: Sendable {
  let sweep: Sweep

  init(_ sweep: Sweep) { self.sweep = sweep }
}

/// Who writes stores, for them to keep.
private var provenance: Provenance { Provenance(program: "tombola \(libraryVersion)", commit: nil) }

/// Reads a specification; tombola.h says how.
@_cdecl("tombola_sweep_parse") public func tombolaSweepParse(
  _ specification: UnsafePointer<CChar>?, _ name: UnsafePointer<CChar>?,
  _ sweep: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(sweep, "sweep")
    let file = try SweepFile(
      String(cString: try required(specification, "specification")), source: text(name) ?? "specification",
      solvers: SolverChoice.solves.all)
    place.pointee = OpaquePointer(keeping: SweepHandle(Sweep(file.specification, source: file.text)))
    return .done
  }
}

/// Says how large a sweep is; tombola.h says how.
@_cdecl("tombola_sweep_size") public func tombolaSweepSize(
  _ sweep: OpaquePointer?, _ cells: UnsafeMutablePointer<Int64>?, _ trials: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let (cells, trials) = (try required(cells, "cells"), try required(trials, "trials"))
    let specification = try handle(sweep, SweepHandle.self, "sweep").sweep.specification
    (cells.pointee, trials.pointee) = (Int64(specification.cellCount), Int64(specification.trials))
    return .done
  }
}

/// Runs a sweep here; tombola.h says how.
@_cdecl("tombola_sweep_run") public func tombolaSweepRun(
  _ sweep: OpaquePointer?, _ store: UnsafePointer<CChar>?, _ resumes: Int32, _ run: UnsafePointer<tombola_run>?,
  _ outcome: UnsafeMutablePointer<tombola_sweep_outcome>?
) -> Int32 {
  status {
    let place = try required(outcome, "outcome")
    let path = String(cString: try required(store, "store"))
    let sweep = try handle(sweep, SweepHandle.self, "sweep").sweep
    let call = try CallRun(run)
    let found = try call.watched {
      try sweep.run(
        storingIn: path, resumes: resumes != 0, workers: call.workers, provenance: provenance, control: call.control)
    }
    place.pointee = tombola_sweep_outcome(found)
    return found.stop.map { ToolExit($0) } ?? .done
  }
}

/// The number of units; tombola.h says how.
@_cdecl("tombola_sweep_units") public func tombolaSweepUnits(
  _ sweep: OpaquePointer?, _ most: Int64, _ count: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let place = try required(count, "count")
    place.pointee = Int64(try units(sweep, most).count)
    return .done
  }
}

/// Decides a unit; tombola.h says how.
@_cdecl("tombola_sweep_unit") public func tombolaSweepUnit(
  _ sweep: OpaquePointer?, _ most: Int64, _ unit: Int64, _ run: UnsafePointer<tombola_run>?,
  _ trials: UnsafeMutablePointer<UnsafeMutablePointer<tombola_trial>?>?, _ count: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let (place, length) = (try required(trials, "trials"), try required(count, "count"))
    let units = try units(sweep, most)
    let call = try CallRun(run)
    let results = try call.watched { try units.results(of: Int(clamping: unit), control: call.control) }
    place.pointee = try copied(results.map { tombola_trial($0.result, seconds: $0.seconds) })
    length.pointee = Int64(results.count)
    return .done
  }
}

private func units(_ sweep: OpaquePointer?, _ most: Int64) throws -> SweepUnits {
  try SweepUnits(try handle(sweep, SweepHandle.self, "sweep").sweep, most: Int(clamping: most))
}

/// Records in memory of C's.
private func copied(_ trials: [tombola_trial]) throws -> UnsafeMutablePointer<tombola_trial> {
  let bytes = max(1, trials.count) * MemoryLayout<tombola_trial>.stride
  guard let memory = malloc(bytes) else {
    throw OptionError(option: "trials", expected: "memory for \(bytes) bytes", found: "none")
  }
  let places = memory.bindMemory(to: tombola_trial.self, capacity: max(1, trials.count))
  places.initialize(from: trials, count: trials.count)
  return places
}

/// Frees a sweep.
@_cdecl("tombola_sweep_free") public func tombolaSweepFree(_ sweep: OpaquePointer?) {
  sweep?.release(SweepHandle.self)
}

/// Opens a store for results of units; tombola.h says how.
@_cdecl("tombola_collector_open") public func tombolaCollectorOpen(
  _ sweep: OpaquePointer?, _ most: Int64, _ store: UnsafePointer<CChar>?, _ resumes: Int32, _ workers: Int32,
  _ collector: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(collector, "collector")
    let opened = try SweepCollector(
      try units(sweep, most), storingIn: String(cString: try required(store, "store")), resumes: resumes != 0,
      workers: max(1, Int(workers)), provenance: provenance)
    place.pointee = OpaquePointer(keeping: opened)
    return .done
  }
}

/// Whether a unit is stored; tombola.h says how.
@_cdecl("tombola_collector_has") public func tombolaCollectorHas(
  _ collector: OpaquePointer?, _ unit: Int64, _ has: UnsafeMutablePointer<Int32>?
) -> Int32 {
  status {
    let place = try required(has, "has")
    let collector = try handle(collector, SweepCollector.self, "collector")
    place.pointee = try collector.isStored(unit: Int(clamping: unit)) ? 1 : 0
    return .done
  }
}

/// Stores results; tombola.h says how.
@_cdecl("tombola_collector_add") public func tombolaCollectorAdd(
  _ collector: OpaquePointer?, _ trials: UnsafePointer<tombola_trial>?, _ count: Int64
) -> Int32 {
  status {
    let collector = try handle(collector, SweepCollector.self, "collector")
    guard count >= 0, count == 0 || trials != nil else {
      throw OptionError(option: "trials", expected: "a pointer and a count ≥ 0", found: "\(count)")
    }
    try collector.add(
      UnsafeBufferPointer(start: trials, count: Int(count)).map {
        SweepUnits.Timed(result: try TrialResult($0), seconds: $0.seconds)
      })
    return .done
  }
}

/// Ends the collecting; tombola.h says how.
@_cdecl("tombola_collector_close") public func tombolaCollectorClose(
  _ collector: OpaquePointer?, _ outcome: UnsafeMutablePointer<tombola_sweep_outcome>?
) -> Int32 {
  let result = status {
    let place = try required(outcome, "outcome")
    place.pointee = tombola_sweep_outcome(try handle(collector, SweepCollector.self, "collector").finish())
    return .done
  }
  collector?.release(SweepCollector.self)
  return result
}

/// Opens a store; tombola.h says how.
@_cdecl("tombola_store_read") public func tombolaStoreRead(
  _ path: UnsafePointer<CChar>?, _ store: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(store, "store")
    place.pointee = OpaquePointer(keeping: try ResultStore(reading: String(cString: try required(path, "path"))))
    return .done
  }
}

/// Says what a store is of; tombola.h says how.
@_cdecl("tombola_store_report") public func tombolaStoreReport(
  _ store: OpaquePointer?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let place = try required(report, "report")
    place.pointee = TombolaC.copied(try StoreReport.text(of: handle(store, ResultStore.self, "store")))
    return .done
  }
}

/// All trials of a store; tombola.h says how.
@_cdecl("tombola_store_trials") public func tombolaStoreTrials(
  _ store: OpaquePointer?, _ trials: UnsafeMutablePointer<UnsafeMutablePointer<tombola_trial>?>?,
  _ count: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let (place, length) = (try required(trials, "trials"), try required(count, "count"))
    var results: [tombola_trial] = []
    try handle(store, ResultStore.self, "store").forEachTrial { results.append(tombola_trial($0, seconds: .nan)) }
    place.pointee = try copied(results)
    length.pointee = Int64(results.count)
    return .done
  }
}

/// Frees a store.
@_cdecl("tombola_store_free") public func tombolaStoreFree(_ store: OpaquePointer?) {
  store?.release(ResultStore.self)
}

extension tombola_sweep_outcome {
  fileprivate init(_ found: Sweep.Outcome) {
    self.init(
      trials: Int64(found.total), stored: Int64(found.stored), added: Int64(found.added), seconds: found.seconds,
      storing_seconds: found.storingSeconds, stop: found.stop.number)
  }
}

extension tombola_trial {
  fileprivate init(_ result: TrialResult, seconds: Double) {
    self.init(
      cell: Int64(result.cell), trial: Int64(result.trial), size: Int64(result.size), work: result.work,
      error: result.error, lower_bound: result.lowerBound, seconds: seconds)
  }
}

extension TrialResult {
  /// - Throws: `OptionError` for figures that no trial has.
  fileprivate init(_ trial: tombola_trial) throws(OptionError) {
    guard trial.error >= 0, trial.error.isFinite, trial.lower_bound >= 0, trial.lower_bound <= trial.error,
      trial.size >= 0, trial.work <= UInt64(Int64.max), trial.seconds >= 0, trial.seconds.isFinite
    else {
      throw OptionError(option: "trials", expected: "results of tombola_sweep_unit", found: "\(trial)")
    }
    self.init(
      cell: Int(trial.cell), trial: Int(trial.trial), error: trial.error, size: Int(trial.size),
      lowerBound: trial.lower_bound, work: trial.work)
  }
}
