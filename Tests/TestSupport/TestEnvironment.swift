import Foundation

/// The environment of the programs that tests start: clean, so that no test sees what it happened
/// to inherit.
///
/// It has the paths on which programs and libraries are found and a home of its own, and nothing
/// else. A run that is to show that the suite passes elsewhere says so in
/// `TOMBOLA_TEST_ENVIRONMENT`: words NAME=VALUE, or NAME alone for a variable that is not to be
/// set, as in "OPENBLAS_CORETYPE=Haswell HOME".
public enum TestEnvironment {
  public static let variable = "TOMBOLA_TEST_ENVIRONMENT"

  /// What programs inherit: where to find programs and shared libraries.
  private static let inherited = ["PATH", "LD_LIBRARY_PATH"]

  /// - Parameters:
  ///   - home: the folder that is `HOME`.
  ///   - own: what the test itself sets, or with nil does not set, whatever the run says.
  public static func clean(home: String, own: [String: String?] = [:]) -> [String: String] {
    let process = ProcessInfo.processInfo.environment
    var environment = ["HOME": home]
    for name in inherited { environment[name] = process[name] }
    for word in (process[variable] ?? "").split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      environment[String(parts[0])] = parts.count == 2 ? String(parts[1]) : nil
    }
    for (name, value) in own { environment[name] = value }
    return environment
  }
}
