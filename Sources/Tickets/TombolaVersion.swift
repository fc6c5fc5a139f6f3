/// The version of this package, in the one place that says it.
public enum TombolaVersion {
  /// Major, minor, patch, by the rules of Semantic Versioning.
  public static let current = "0.3.0"
  /// What tickets and checkpoints are signed with. A patch changes neither search nor files, so it
  /// is left out.
  public static let generator =
    "tombola " + current.split(separator: ".").prefix(2).joined(separator: ".")
}
