import CSQLite
import Files

/// What keeps a result store from being written or read. What had been stored before stays as it
/// was.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A store is there already, and nobody said that it should be continued.
  case exists(path: String)
  /// There is no store, or one of its folders is missing.
  case notFound(path: String, found: String)
  /// A file of another kind, or one that has been damaged.
  case notAStore(path: String, found: String)
  /// A store of a version that this program does not know.
  case otherFormat(path: String, expected: Int, found: String)
  /// A table, a column or a value that is not what a store has there; `place` names table, row and
  /// column.
  case invalid(path: String, place: String, expected: String, found: String)
  /// The results of another specification.
  case otherSpecification(path: String, expected: String, found: String)
  /// Another process writes to it.
  case inUse(path: String, by: String)
  /// It may not be written, or writing failed.
  case unwritable(path: String, found: String)
  /// The disk is full.
  case diskFull(path: String)
  /// It cannot be read.
  case unreadable(path: String, found: String)
  /// Reading was stopped from outside, before anything was written.
  case stopped(path: String)
  /// Two stores that do not agree about a trial.
  case disagreement(path: String, cell: Int, trial: Int, expected: String, found: String)

  /// One line, with control characters escaped.
  public var description: String { FileError.singleLine(text) }

  private var text: String {
    switch self {
    case .exists(let path):
      "\(path): expected no file of that name, or --resume to continue the sweep that it holds, found one"
    case .notFound(let path, let found): "\(path): expected a result store, found \(found)"
    case .notAStore(let path, let found): "\(path): expected a result store that sweep wrote, found \(found)"
    case .otherFormat(let path, let expected, let found):
      "\(path): expected a store of format version \(expected), found version \(found.prefix(60))"
    case .invalid(let path, let place, let expected, let found):
      "\(path): \(place): expected \(expected), found \(found)"
    case .otherSpecification(let path, let expected, let found):
      "\(path): expected results of the specification with digest \(expected.prefix(16))…, found those of \(found.prefix(16))…"
    case .inUse(let path, let by): "\(path): expected to be its only writer, found that \(by) writes to it"
    case .unwritable(let path, let found):
      "\(path): expected a store that can be written, found: \(found); what was stored before is kept"
    case .diskFull(let path):
      "\(path): expected room for more results, found a full disk; what was stored before is kept, go on with --resume"
    case .unreadable(let path, let found): "\(path): expected a readable store, found: \(found)"
    case .stopped(let path): "\(path): expected to be read, found that reading it was stopped"
    case .disagreement(let path, let cell, let trial, let expected, let found):
      "\(path): cell \(cell), trial \(trial): expected \(expected) as in the stores before it, found \(found)"
    }
  }

  /// What SQLite says of a file, by its result code.
  init(code: Int32, said: String, path: String) {
    switch code & 0xFF {
    case SQLITE_FULL: self = .diskFull(path: path)
    case SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_FORMAT: self = .notAStore(path: path, found: said)
    case SQLITE_BUSY, SQLITE_LOCKED: self = .inUse(path: path, by: "another program")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CONSTRAINT: self = .unwritable(path: path, found: said)
    case SQLITE_IOERR:
      let reads = [SQLITE_IOERR | 1 << 8, SQLITE_IOERR | 2 << 8]
      self = reads.contains(code) ? .unreadable(path: path, found: said) : .unwritable(path: path, found: said)
    default: self = .unreadable(path: path, found: said)
    }
  }
}

extension StoreError {
  /// The same error of a file that is made at `place` and will have the name `name`.
  func renamed(from place: String, to name: String) -> StoreError {
    switch self {
    case .unwritable(place, let found): .unwritable(path: name, found: found)
    case .unreadable(place, let found): .unreadable(path: name, found: found)
    case .diskFull(place): .diskFull(path: name)
    default: self
    }
  }
}
