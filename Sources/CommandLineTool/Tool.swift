import ArgumentParser
import Foundation
import Outcomes
import Tickets

/// The command `tombola`, a library: the executable of that name calls it, and so does the one that
/// Python wheels carry, which finds it in their one shared library.
package struct Tool: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "tombola",
    abstract: "Draws structured strong lottery tickets: prunes a random CNN until it approximates a trained one.",
    version: TombolaVersion.current,
    subcommands: [
      PruneCommand.self, VerifyCommand.self, CompareCommand.self, ExportCommand.self,
      PackCommand.self, UnpackCommand.self, InfoCommand.self, RunCommand.self, InstanceCommand.self, SolveCommand.self,
      SolveBatchCommand.self, RateDistortionCommand.self, BoundsCommand.self, SweepCommand.self, MergeCommand.self,
      TableCommand.self, PlotCommand.self, ReportCommand.self, DoctorCommand.self,
    ])

  package init() {}

  /// Parses, runs, and ends the process with a `ToolExit` code; errors are one line on standard
  /// error.
  package static func main() {
    StandardStreams.prepare()
    Signals.install()
    var code = run()
    StandardOutput.settle()
    if let failure = StandardOutput.failure {
      // What the command wrote to files is there; whoever reads its output must not take a part for
      // the whole.
      if !failure.isBrokenPipe {
        complain("tombola: \(failure)")
        code = .badInput
      } else if !code.isSignal {
        code = .brokenPipe
      }
    }
    Foundation.exit(code.rawValue)
  }

  private static func run() -> ToolExit {
    do {
      var command = try parseAsRoot()
      try (command as? any ChoosingBLASCore)?.blas.apply()
      try command.run()
      return .done
    } catch let code as ExitCode {
      return ToolExit(rawValue: code.rawValue) ?? .badInput
    } catch is StandardOutputError {
      return .badInput
    } catch {
      // Help and version requests come as errors too, with code 0 and a text for standard output.
      if exitCode(for: error) == .success {
        print(fullMessage(for: error))
        return .done
      }
      complain(line(for: error))
      return .badInput
    }
  }

  private static func line(for error: any Error) -> String {
    let parserMessage = message(for: error)
    let text = parserMessage.isEmpty ? String(describing: error) : parserMessage
    return "tombola: " + text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

extension ParsableCommand {
  /// Ends the process with a contract code.
  func finish(_ code: ToolExit) throws { if code != .done { throw ExitCode(code.rawValue) } }
}
