import Foundation

/// Where a store is: a name on the disk, whatever it looks like.
///
/// SQLite would take an empty name and ":memory:" for databases that end with the process, and a
/// name that starts with "file:" for a URI. It is only ever given what this resolves a name to,
/// which starts with a slash and has no symbolic link left, so that two names of one file are one
/// store with one lock and one journal.
struct StorePath: Sendable, Hashable {
  /// As it was given, for messages.
  let name: String
  /// Absolute, without symbolic links.
  let resolved: String

  /// The longest chain of links that is followed, as the system has it.
  private static let mostLinks = 40

  /// The place that a name means; nothing need be there yet.
  ///
  /// - Throws: `StoreError.notFound` for an empty name, one with a NUL character, and a folder that
  ///   there is not.
  init(_ name: String) throws(StoreError) {
    guard !name.isEmpty else { throw .notFound(path: "(empty name)", found: "an empty name") }
    guard !name.utf8.contains(0) else { throw .notFound(path: name, found: "a name with a NUL character") }
    var path = name
    for _ in 0..<Self.mostLinks {
      guard let target = Self.target(of: path) else {
        self.name = name
        resolved = try Self.real(path, name)
        return
      }
      path = target.hasPrefix("/") ? target : Self.folder(of: path) + "/" + target
    }
    throw .notFound(path: name, found: "more than \(Self.mostLinks) symbolic links")
  }

  /// What a symbolic link says; nil for anything else.
  private static func target(of path: String) -> String? {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(path, &text, text.count)
    return length < 0 ? nil : String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  /// A path that is no link with its folder's real name.
  private static func real(_ path: String, _ name: String) throws(StoreError) -> String {
    func text(_ path: String) -> String? {
      guard let found = realpath(path, nil) else { return nil }
      defer { free(found) }
      return String(cString: found)
    }
    if let whole = text(path) { return whole }
    // ENOENT: there is nothing of that name yet, or a folder on the way is missing.
    guard errno == ENOENT, let folder = text(folder(of: path)) else {
      let reason = errno
      let found = reason == ENOENT || reason == ENOTDIR ? "no such folder" : String(cString: strerror(reason))
      throw .notFound(path: name, found: found)
    }
    let file = (path as NSString).lastPathComponent
    guard !path.hasSuffix("/"), file != ".", file != ".." else {
      throw .notFound(path: name, found: "no such folder")
    }
    return folder == "/" ? "/" + file : folder + "/" + file
  }
}
