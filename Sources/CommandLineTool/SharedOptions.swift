import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import Tickets

/// Options that name images to measure on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.",
      valueName: "D"))
  var data: String?

  @OptionGroup var scaling: ScaleOptions

  /// The images, or nil when none were named.
  ///
  /// - Parameter isScaleUsed: whether `--scale` has another use.
  func load(isScaleUsed: Bool = false) throws -> ImageSet? {
    guard let data else {
      if scaling.scale != nil && !isScaleUsed {
        throw OptionError(option: "--scale", expected: "--data beside it", found: "none")
      }
      return nil
    }
    return try ImageSetFile.load(data, part: .test, scale: try scaling.pair())
  }
}

/// How pixels are mapped.
struct ScaleOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).", valueName: "A,B"))
  var scale: String?

  func pair() throws -> (Double, Double)? { try scale.map { try CommandLineTool.pair($0, option: "--scale") } }
}

extension ImageSetFile {
  /// Images to calibrate on, named by an option; `scale` is `--scale`'s.
  static func calibration(_ name: String, scale: String?) throws -> ImageSet {
    try load(name, part: .calibration, scale: try scale.map { try pair($0, option: "--scale") })
  }
}

/// Options that bound a run whose results do not depend on them.
struct PaceOptions: ParsableArguments {
  @Option(number: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T"))
  var threads: Int?

  @Option(number: ArgumentHelp("Stop after this many seconds with what is done.", valueName: "SEC"))
  var timeLimit: Double?

  func workers() throws -> Int { try RunOptions.workers(threads) }

  func seconds() throws -> Double? { try RunOptions.seconds(timeLimit) }
}

/// Options that bound a run.
struct RunOptions: ParsableArguments {
  @Option(number: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T"))
  var threads: Int?

  @Option(number: ArgumentHelp("Stop after this many seconds with the best so far.", valueName: "SEC"))
  var timeLimit: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Working memory of the search; suffixes K, M, G are powers of 1024.", valueName: "BYTES"))
  var memoryLimit: String?

  func workers() throws -> Int { try Self.workers(threads) }

  static func workers(_ threads: Int?) throws -> Int {
    guard let threads else { return Workers.availableCores }
    guard (1...4096).contains(threads) else {
      throw OptionError(option: "--threads", expected: "1 to 4096", found: "\(threads)")
    }
    return threads
  }

  func limits(work: UInt64? = nil) throws -> Limits {
    Limits(work: work, seconds: try Self.seconds(timeLimit), memoryBytes: try memoryLimit.map(Self.bytes))
  }

  static func seconds(_ timeLimit: Double?) throws -> Double? {
    if let timeLimit, !(timeLimit > 0 && timeLimit < 1e9) {
      throw OptionError(option: "--time-limit", expected: "seconds above 0", found: "\(timeLimit)")
    }
    return timeLimit
  }

  /// The bytes that `--memory-limit` names.
  static func bytes(_ text: String) throws -> Int {
    let suffixes: [Character: Int] = ["K": 10, "M": 20, "G": 30]
    let shift = text.last.flatMap { suffixes[Character($0.uppercased())] }
    guard let number = Int(shift == nil ? text : String(text.dropLast())), number > 0,
      number <= Int.max >> (shift ?? 0)
    else { throw OptionError(option: "--memory-limit", expected: "bytes, as 1500000000 or 2G", found: text) }
    return number << (shift ?? 0)
  }
}

/// Two numbers A,B.
func pair(_ text: String, option: String) throws -> (Double, Double) {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
  guard parts.count == 2, let first = parts[0], let second = parts[1], first.isFinite, second.isFinite else {
    throw OptionError(option: option, expected: "two numbers A,B", found: "'\(text)'")
  }
  return (first, second)
}
