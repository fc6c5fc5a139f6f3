/// How a ticket's search measured errors.
public enum PruningMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every kernel entry is approximated: the paper's setting, no data.
  case weights
  /// The layers' outputs on unlabelled calibration images are approximated.
  case calibrated
}
