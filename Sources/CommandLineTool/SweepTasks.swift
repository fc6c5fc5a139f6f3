import Foundation
import Outcomes

/// The parts of a sweep as commands, a line each: for disBatch, GNU parallel, and job arrays that
/// take a line by its number.
struct SweepTasks {
  let specification: String
  /// The store that the parts' stores are named after.
  let store: String
  /// Options that every part gets as they are.
  let options: [String]

  /// The commands, part 1 first; each goes on with its store if it is there.
  ///
  /// - Throws: `OptionError` for a count that is none, and for a word that takes several lines.
  func lines(_ count: Int) throws(OptionError) -> [String] {
    guard (1...1 << 20).contains(count) else {
      throw OptionError(option: "--print-tasks", expected: "1 to 1048576 parts", found: "\(count)")
    }
    var lines: [String] = []
    for index in 1...count {
      let words =
        [Self.program, "sweep", specification, "--store", partStore(index, of: count), "--shard", "\(index)/\(count)"]
        + ["--resume"] + options
      for word in words where word.contains(where: \.isNewline) {
        throw OptionError(option: "--print-tasks", expected: "words without line breaks", found: "'\(word)'")
      }
      lines.append(words.map(Self.quoted).joined(separator: " "))
    }
    return lines
  }

  /// The store of a part: `results.sqlite` becomes `results.03-of-16.sqlite`, so that names sort.
  private func partStore(_ index: Int, of count: Int) -> String {
    let (path, width) = (store as NSString, String(count).count)
    let number = String(repeating: "0", count: width - String(index).count) + "\(index)"
    let ending = path.pathExtension.isEmpty ? "" : "." + path.pathExtension
    return path.deletingPathExtension + ".\(number)-of-\(count)" + ending
  }

  /// This program as it was called, from wherever a job starts.
  private static var program: String {
    let name = CommandLine.arguments[0]
    guard name.contains("/"), !name.hasPrefix("/") else { return name }
    return URL(fileURLWithPath: name).standardizedFileURL.path
  }

  /// A word as a shell reads it back.
  private static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_@%+=:,./-".unicodeScalars.contains(scalar))
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
