import Outcomes

/// A job's place in its array, as schedulers tell it in the environment.
///
/// Slurm says the numbers of the array's first and last task, how many there are and the step
/// between them; OAR says the task's own number alone, from 1.
struct JobArray {
  let environment: [String: String]

  private static let slurm = "SLURM_ARRAY_TASK_ID"
  private static let oar = "OAR_ARRAY_INDEX"

  /// - Parameter count: the number of parts, where the user says it: tasks are then numbered from
  ///   1, and some of them may be missing from the array.
  /// - Throws: `OptionError` outside of an array, and where the numbers do not say which part of
  ///   how many the task is.
  func place(of count: Int?) throws(OptionError) -> (index: Int, count: Int) {
    let found = [Self.slurm, Self.oar].filter { environment[$0] != nil }
    guard let variable = found.first, found.count == 1 else {
      throw failure(
        "a job of an array, with \(Self.slurm) (Slurm) or \(Self.oar) (OAR) in the environment",
        found.isEmpty ? "neither" : "both")
    }
    let number = try number(variable)
    if let count {
      guard (1...max(1, count)).contains(number) else {
        throw failure("an array numbered from 1 to \(count)", "\(variable)=\(number)")
      }
      return (number, count)
    }
    guard variable == Self.slurm else {
      throw failure("array/N beside OAR, which does not say how many jobs its array has", "array alone")
    }
    return try slurmPlace(number)
  }

  private func slurmPlace(_ id: Int) throws(OptionError) -> (index: Int, count: Int) {
    let first = try number("SLURM_ARRAY_TASK_MIN")
    let last = try number("SLURM_ARRAY_TASK_MAX")
    let count = try number("SLURM_ARRAY_TASK_COUNT")
    let step = environment["SLURM_ARRAY_TASK_STEP"] == nil ? 1 : try number("SLURM_ARRAY_TASK_STEP")
    let isRange = step >= 1 && first <= last && (last - first) % step == 0 && (last - first) / step + 1 == count
    guard isRange, (first...last).contains(id), (id - first) % step == 0 else {
      throw failure(
        "an array over a whole range of tasks, as --array=1-8 makes one (array/N for parts of one)",
        "task \(id) of \(count) from \(first) to \(last)")
    }
    return ((id - first) / step + 1, count)
  }

  /// A number below 2³¹, so that differences fit.
  private func number(_ variable: String) throws(OptionError) -> Int {
    guard let text = environment[variable] else {
      throw failure("\(variable) in the environment of a Slurm array", "none")
    }
    guard let number = Int(text), (0...1 << 31).contains(number) else {
      throw failure("a whole number in \(variable)", "'\(text)'")
    }
    return number
  }

  private func failure(_ expected: String, _ found: String) -> OptionError {
    OptionError(option: "--shard array", expected: expected, found: found)
  }
}
