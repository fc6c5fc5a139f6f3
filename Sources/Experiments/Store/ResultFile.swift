import Foundation

/// A file of results: the store of a sweep, or the JSON of a ticket.
public enum ResultFile: Sendable {
  case store(ResultStore)
  case ticket(TicketFigures)

  /// Opens a file; a store is told by SQLite's first bytes.
  ///
  /// - Throws: `FileError` for a file that cannot be read, or no JSON of a ticket; `StoreError` for
  ///   a database that is no result store.
  public init(contentsOf path: String) throws {
    self =
      Self.isDatabase(path)
      ? .store(try ResultStore(reading: path)) : .ticket(try TicketFigures(contentsOf: path))
  }

  /// Whether a file starts as SQLite's do. Nothing else than a regular file is waited for.
  private static func isDatabase(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var start = [UInt8](repeating: 0, count: 16)
    return pread(descriptor, &start, start.count, 0) == start.count && start.elementsEqual("SQLite format 3\u{0}".utf8)
  }
}

extension ResultFile {
  /// The file's name, as it was given.
  public var source: String {
    switch self {
    case .store(let store): store.path
    case .ticket(let ticket): ticket.source
    }
  }
}
