import CTombola
import CommandLineTool
import Files
import Foundation
import LinearAlgebra
import Outcomes
import RunControl
import SubsetSum
import Verification

/// Runs a call of the C interface: its errors become the thread's last error, and its end a status.
func status(_ body: () throws -> ToolExit) -> Int32 {
  do {
    let end = try body()
    if end == .done { LastError.clear() }
    return end.rawValue
  } catch let error as VerificationFailure {
    LastError.set(error)
    return ToolExit.failed.rawValue
  } catch let error as InterruptedError {
    LastError.set(error)
    return ToolExit(error.reason).rawValue
  } catch let error as Interruption {
    LastError.set(InterruptedError(reason: error.reason))
    return ToolExit(error.reason).rawValue
  } catch SubsetSumError.stoppedBefore(let made, let reason) {
    LastError.set(SubsetSumError.stoppedBefore(made: made, reason: reason))
    return ToolExit(reason).rawValue
  } catch {
    LastError.set(error)
    return ToolExit.badInput.rawValue
  }
}

extension ToolExit {
  /// The status of a run that was stopped.
  init(_ reason: StopReason) { self = reason == .cancelled ? .interrupted : .limit }
}

/// The calling thread's last error, which the C half of the library keeps.
enum LastError {
  static func clear() { tombola_inside_set_error("", "", "", "", "") }

  static func set(_ error: any Error) {
    let parts = Parts(error)
    let message = FileError.singleLine(parts.message)
    tombola_inside_set_error(message, "\(type(of: error))", parts.place, parts.expected, parts.found)
  }

  /// What an error says. Those of the house are one line, `place: expected …, found …`, whose parts
  /// are looked for where the error has none of its own.
  struct Parts: Equatable {
    let message: String
    var place = ""
    var expected = ""
    var found = ""

    init(_ error: any Error) {
      switch error {
      case let error as OptionError:
        place = Self.argument(error.option)
        (expected, found) = (Self.plain(error.expected), error.found)
        message = "\(place): expected \(expected), found \(found)"
      case let error as FileError:
        message = error.description
        place = ([error.source] + error.location.map(\.description)).joined(separator: ": ")
        (expected, found) = (error.expected, error.found)
      default:
        message = "\(error)"
        guard let middle = message.range(of: ": expected "),
          let end = message.range(of: ", found ", options: .backwards), middle.upperBound <= end.lowerBound
        else { return }
        place = String(message[..<middle.lowerBound])
        expected = String(message[middle.upperBound..<end.lowerBound])
        found = String(message[end.upperBound...])
      }
    }

    /// An option's name as callers here know it: `--size-penalty` is size_penalty.
    private static func argument(_ option: String) -> String {
      guard option.hasPrefix("--") else { return option }
      let name = option.dropFirst(2).prefix { $0 != " " }
      return String(name).replacing("-", with: "_") + String(option.dropFirst(2 + name.count))
    }

    /// A text in which options are named so.
    private static func plain(_ text: String) -> String {
      text.split(separator: " ", omittingEmptySubsequences: false).map { argument(String($0)) }.joined(separator: " ")
    }
  }
}

/// The version of the library.
@_cdecl("tombola_version") public func tombolaVersion() -> UnsafePointer<CChar> { versionText }

nonisolated(unsafe) private let versionText = UnsafePointer(copied(libraryVersion))

/// The version of the C interface.
@_cdecl("tombola_abi_version") public func tombolaABIVersion() -> Int32 { TOMBOLA_ABI_VERSION }

/// Makes OpenBLAS use kernels that fit the CPU; tombola.h says when.
@_cdecl("tombola_fit_blas") public func tombolaFitBLAS() {
  _ = FittingBLASCore.use(pin: ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"])
}

/// Runs the command; tombola.h says how.
@_cdecl("tombola_command") public func tombolaCommand() { Tool.main() }

/// A text in memory of C's, which the caller frees.
func copied(_ text: String) -> UnsafeMutablePointer<CChar> { strdup(text) }

/// A text that C gave; nil for a null pointer.
func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

/// Values in memory of C's, which the caller frees.
///
/// - Throws: `OptionError` where there is no memory.
func copied<Value: BitwiseCopyable>(
  _ values: [Value], _ name: String
) throws(OptionError) -> UnsafeMutablePointer<Value> {
  let bytes = values.count * MemoryLayout<Value>.stride
  guard let memory = malloc(max(1, bytes)) else {
    throw OptionError(option: name, expected: "memory for \(bytes) bytes", found: "none")
  }
  let place = memory.bindMemory(to: Value.self, capacity: values.count)
  place.initialize(from: values, count: values.count)
  return place
}

/// What a null pointer was given for.
func required<Pointee>(_ pointer: UnsafePointer<Pointee>?, _ name: String) throws(OptionError) -> UnsafePointer<Pointee>
{
  guard let pointer else { throw OptionError(option: name, expected: "a pointer", found: "null") }
  return pointer
}

/// What a null pointer was given for, to write to.
func required<Pointee>(
  _ pointer: UnsafeMutablePointer<Pointee>?, _ name: String
) throws(OptionError) -> UnsafeMutablePointer<Pointee> {
  guard let pointer else { throw OptionError(option: name, expected: "a pointer", found: "null") }
  return pointer
}
