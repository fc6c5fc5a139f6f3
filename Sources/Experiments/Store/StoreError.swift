import Foundation
import GRDB
import ModelFiles

/// What keeps a result store from being written or read. What had been stored before stays as it was.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A store is there already, and nobody said that it should be continued.
  case exists(path: String)
  /// There is no store, or one of its folders is missing.
  case notFound(path: String, found: String)
  /// A file of another kind, or one that has been damaged.
  case notAStore(path: String, found: String)
  /// A store of a version that this program does not know.
  case otherFormat(path: String, expected: Int, found: String)
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
  /// Two stores that do not agree about a trial.
  case disagreement(path: String, cell: Int, trial: Int, expected: String, found: String)

  public var description: String {
    switch self {
    case .exists(let path):
      "\(path): expected no file of that name, or --resume to continue the sweep that it holds, found one"
    case .notFound(let path, let found): "\(path): expected a result store, found \(found)"
    case .notAStore(let path, let found): "\(path): expected a result store that sweep wrote, found \(found)"
    case .otherFormat(let path, let expected, let found):
      "\(path): expected a store of format version \(expected), found version \(found)"
    case .otherSpecification(let path, let expected, let found):
      "\(path): expected results of the specification with digest \(expected.prefix(16))…, found those of \(found.prefix(16))…"
    case .inUse(let path, let by): "\(path): expected to be its only writer, found that \(by) writes to it"
    case .unwritable(let path, let found):
      "\(path): expected a store that can be written, found: \(found); what was stored before is kept"
    case .diskFull(let path):
      "\(path): expected room for more results, found a full disk; what was stored before is kept, go on with --resume"
    case .unreadable(let path, let found): "\(path): expected a readable store, found: \(found)"
    case .disagreement(let path, let cell, let trial, let expected, let found):
      "\(path): cell \(cell), trial \(trial): expected \(expected) as in the stores before it, found \(found)"
    }
  }

  /// Runs `body` with what SQLite and the system complain of as an error of this type.
  static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws(StoreError) -> Value {
    do {
      return try body()
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      throw StoreError(error, path)
    } catch let error as FileError {
      throw error.kind == .notFound
        ? .notFound(path: path, found: error.found) : .unwritable(path: path, found: "\(error)")
    } catch {
      throw .unreadable(path: path, found: "\(error)")
    }
  }

  private init(_ error: DatabaseError, _ path: String) {
    let said = error.message ?? "code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(path: path)
    case .SQLITE_NOTADB, .SQLITE_CORRUPT: self = .notAStore(path: path, found: said)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path: path, by: "another program")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CONSTRAINT: self = .unwritable(path: path, found: said)
    case .SQLITE_IOERR:
      let reads: [ResultCode] = [.SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ]
      self =
        reads.contains(error.extendedResultCode)
        ? .unreadable(path: path, found: said) : .unwritable(path: path, found: said)
    case .SQLITE_CANTOPEN: self = .unreadable(path: path, found: said)
    default: self = .unreadable(path: path, found: said)
    }
  }
}
