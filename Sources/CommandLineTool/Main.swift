import ArgumentParser
import Foundation

/// The executable `tombola`.
@main struct Tool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tombola",
    abstract: "Draws structured strong lottery tickets: prunes a random CNN until it approximates a trained one.",
    version: "0.1.0",
    subcommands: [
      PruneCommand.self, VerifyCommand.self, CompareCommand.self, ExportCommand.self, InfoCommand.self,
      InstanceCommand.self, SolveCommand.self, SolveBatchCommand.self, BoundsCommand.self, SweepCommand.self,
      MergeCommand.self, TableCommand.self, PlotCommand.self, ReportCommand.self, DoctorCommand.self,
    ])

  /// Parses, runs, and ends the process with a `ToolExit` code; errors are one line on standard error.
  static func main() {
    do {
      var command = try parseAsRoot()
      try (command as? any ChoosingBLASCore)?.blas.apply()
      try command.run()
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      // Help and version requests come as errors too, with code 0 and a text for standard output.
      if exitCode(for: error) == .success {
        print(fullMessage(for: error))
        Foundation.exit(ToolExit.done.rawValue)
      }
      complain(Self.line(for: error))
      Foundation.exit(ToolExit.badInput.rawValue)
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
