import Foundation

/// What was measured of core types on this machine, kept in a file of the user's cache folder.
///
/// The file holds one entry for each pair of CPU and OpenBLAS, so that machines may share a home
/// folder. It is only a memory: one that is missing, damaged or read-only is as none.
public struct BLASCoreMemory: Sendable {
  /// The file.
  public let path: String

  /// Speeds kept in the file at `path`, which need not exist.
  public init(path: String) { self.path = path }

  /// `tombola/blas-cores.json` in `$XDG_CACHE_HOME`, or else in `~/.cache`; nil without a home.
  public static var standard: BLASCoreMemory? {
    let environment = ProcessInfo.processInfo.environment
    func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    guard let folder = absolute("XDG_CACHE_HOME") ?? absolute("HOME").map({ $0 + "/.cache" }) else { return nil }
    return BLASCoreMemory(path: folder + "/tombola/blas-cores.json")
  }

  private struct Contents: Codable {
    var format = 1
    var machines: [String: [BLASCoreSpeed]] = [:]
  }

  /// The speeds remembered for this CPU and OpenBLAS, or nil.
  public func recall() -> [BLASCoreSpeed]? {
    let speeds = contents()?.machines[MachineDescription.key]
    guard let speeds, !speeds.isEmpty, speeds.allSatisfy({ $0.float > 0 && $0.double > 0 && $0.mean.isFinite }) else {
      return nil
    }
    return speeds
  }

  /// Keeps `speeds` for this CPU and OpenBLAS: written beside, then renamed.
  ///
  /// - Returns: false where it could not be written.
  @discardableResult public func remember(_ speeds: [BLASCoreSpeed]) -> Bool {
    var contents = contents() ?? Contents()
    contents.machines[MachineDescription.key] = speeds
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let file = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try encoder.encode(contents).write(to: file, options: .atomic)
      return true
    } catch {
      return false
    }
  }

  private func contents() -> Contents? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
      let contents = try? JSONDecoder().decode(Contents.self, from: data), contents.format == Contents().format
    else { return nil }
    return contents
  }
}
