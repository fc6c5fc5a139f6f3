import Foundation

/// The commit that this executable lies beside: that of the package in whose `.build` folder it was
/// built.
enum SourceCommit {
  /// As `git describe --always --dirty` has it; nil where the executable is elsewhere, or there is
  /// no git.
  static let ofThisProgram: String? = {
    let parts = Bundle.main.executableURL?.resolvingSymlinksInPath().pathComponents ?? []
    guard let build = parts.lastIndex(where: { $0.hasPrefix(".build") }) else { return nil }
    let root = NSString.path(withComponents: Array(parts[..<build]))
    guard FileManager.default.fileExists(atPath: root + "/Package.swift") else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", root, "describe", "--always", "--dirty"]
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return process.terminationStatus == 0 && !text.isEmpty ? text : nil
  }()
}
