import Files
import LinearAlgebra
import ModelFiles
import Outcomes
import Tickets

/// The checkpoint that a search writes on the way, and may go on from.
final class CheckpointOutput: Sendable {
  private struct State {
    var lastWritten: ContinuousClock.Instant?
    /// The last value, where it has not been written.
    var pending: SearchCheckpoint?
    /// What was said of the last failure, so that it is said once.
    var complaint: String?
  }

  let path: String
  /// What is there to go on from.
  let known: SearchCheckpoint?
  private let state = Guarded(State())

  /// Looks at what is at `path`. A checkpoint that is there is read with `resumes`, and replaced
  /// with it or `force`; any other file stays, whatever was asked for, as `force` was meant for the
  /// search's result.
  ///
  /// - Throws: `FileError`.
  init(_ path: String, resumes: Bool, force: Bool) throws {
    self.path = path
    guard try Self.isThere(path) else {
      known = nil
      return
    }
    let found = try CheckpointFile.read(path)
    guard resumes || force else {
      throw FileError(
        .exists, source: path,
        expected: "no file of that name, --resume to go on from it, or --force to replace it",
        found: "a checkpoint")
    }
    try AtomicFile.check(path, force: true)
    known = resumes ? found : nil
  }

  /// Whether there is a file; where there is none it could be made.
  private static func isThere(_ path: String) throws -> Bool {
    do { try AtomicFile.check(path, force: false) } catch {
      if error.kind == .exists { return true }
      throw error
    }
    return false
  }

  /// Takes a search's latest value, and writes it if the last time was a second ago or more. One
  /// call at a time.
  @Sendable func take(_ checkpoint: SearchCheckpoint) {
    state.withLock { state in
      let now = ContinuousClock.now
      state.pending = checkpoint
      if let last = state.lastWritten, now - last < .seconds(1) { return }
      state.lastWritten = now
      write(&state)
    }
  }

  /// Writes what has not been written, at the end of a search.
  func finish() { state.withLock { write(&$0) } }

  /// Writes what the search came to, in the place of all values before.
  ///
  /// - Throws: `FileError`: unlike a checkpoint on the way, this is a result.
  func keep(_ checkpoint: SearchCheckpoint) throws {
    try state.withLock { state in
      state.pending = nil
      return Result { try CheckpointFile.write(checkpoint, to: path) }
    }.get()
  }

  /// A failure is said once on standard error; the search goes on, as its result is not lost.
  private func write(_ state: inout State) {
    guard let pending = state.pending else { return }
    do {
      try CheckpointFile.write(pending, to: path)
      (state.pending, state.complaint) = (nil, nil)
    } catch {
      let complaint = "tombola: checkpoint not written: \(error)"
      if complaint != state.complaint { complain(complaint) }
      state.complaint = complaint
    }
  }
}
