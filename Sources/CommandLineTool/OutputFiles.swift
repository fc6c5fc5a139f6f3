import Files
import Foundation
import ModelFiles
import Outcomes

/// Files that an option or argument names.
struct NamedFiles {
  /// The option or argument.
  let name: String
  /// The files; none where the option was not given.
  let paths: [String]

  static func file(_ name: String, _ path: String?) -> NamedFiles {
    NamedFiles(name: name, paths: path.map { [$0] } ?? [])
  }

  static func files(_ name: String, _ paths: [String]) -> NamedFiles {
    NamedFiles(name: name, paths: paths)
  }

  /// What `--data` or `--calibration` reads.
  static func images(_ name: String, _ images: String?) -> NamedFiles {
    NamedFiles(name: name, paths: images.map { ImageSetFile.files(of: $0) } ?? [])
  }
}

/// What a command writes.
enum OutputFiles {
  /// Refuses, before any work, an output that is an input too, is another output, or is where a
  /// standard stream goes: writing it would destroy what was to be read or kept. Links and other
  /// spellings of a path make no difference.
  static func requireDistinct(_ outputs: [NamedFiles], from inputs: [NamedFiles])
    throws(OptionError)
  {
    var taken: [FileIdentity: String] = [:]
    let streams = [(STDIN_FILENO, "input"), (STDOUT_FILENO, "output"), (STDERR_FILENO, "error")]
    for (descriptor, stream) in streams {
      if let identity = FileIdentity(descriptor: descriptor) {
        taken[identity] = "the file of standard \(stream)"
      }
    }
    for input in inputs {
      for path in input.paths {
        if let identity = FileIdentity(of: path) { taken[identity] = "'\(path)' of \(input.name)" }
      }
    }
    for output in outputs {
      for path in output.paths {
        guard let identity = FileIdentity(of: path) else { continue }
        if let other = taken[identity] {
          throw OptionError(
            option: output.name, expected: "a file of its own",
            found: "'\(path)', which is \(other)")
        }
        taken[identity] = "'\(path)' of \(output.name)"
      }
    }
  }
}
