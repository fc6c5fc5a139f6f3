/// The JSON that tickets of format 1 hold of their search: flat, absent where a value is the
/// standard one.
extension SearchPlan: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case solver, workLimit, size, sizePenalty, objective, largestNormPerWidth, largestEntry, damping
    case sweeps, metric, mix
  }

  /// What is the standard value is left out.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(solver, forKey: .solver)
    try container.encodeIfPresent(workLimit, forKey: .workLimit)
    switch size {
    case .any: break
    case .exactly(let size): try container.encode(size, forKey: .size)
    case .penalised(let penalty): try container.encode(penalty, forKey: .sizePenalty)
    }
    try container.encode(objective, forKey: .objective)
    let standard = ScaleRule.standard
    if scaleRule.largestNormPerWidth != standard.largestNormPerWidth {
      try container.encode(scaleRule.largestNormPerWidth, forKey: .largestNormPerWidth)
    }
    if scaleRule.largestEntry != standard.largestEntry {
      try container.encode(scaleRule.largestEntry, forKey: .largestEntry)
    }
    guard let calibration else { return }
    try container.encode(calibration.damping, forKey: .damping)
    try container.encode(calibration.sweeps, forKey: .sweeps)
    try container.encode(calibration.metric, forKey: .metric)
    if calibration.mix != CalibrationPlan().mix { try container.encode(calibration.mix, forKey: .mix) }
  }

  /// A plan that says nothing of calibrated mode is one of weights mode.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(solver: try container.decode(String.self, forKey: .solver))
    workLimit = try container.decodeIfPresent(UInt64.self, forKey: .workLimit)
    if let size = try container.decodeIfPresent(Int.self, forKey: .size) {
      self.size = .exactly(size)
    } else if let penalty = try container.decodeIfPresent(Double.self, forKey: .sizePenalty) {
      size = penalty == 0 ? .any : .penalised(penalty)
    }
    if let norm = try container.decodeIfPresent(Double.self, forKey: .largestNormPerWidth) {
      scaleRule.largestNormPerWidth = norm
    }
    if let entry = try container.decodeIfPresent(Double.self, forKey: .largestEntry) {
      scaleRule.largestEntry = entry
    }
    let objective = try container.decodeIfPresent(Objective.self, forKey: .objective) ?? .squares
    let isCalibrated = [Key.damping, .sweeps, .metric].contains { container.contains($0) }
    guard isCalibrated else {
      mode = .weights(objective)
      return
    }
    guard objective == .squares else {
      throw DecodingError.dataCorruptedError(
        forKey: .objective, in: container, debugDescription: "calibrated mode lowers squares")
    }
    var calibration = CalibrationPlan()
    if let damping = try container.decodeIfPresent(Double.self, forKey: .damping) {
      calibration.damping = damping
    }
    if let sweeps = try container.decodeIfPresent(Int.self, forKey: .sweeps) {
      calibration.sweeps = sweeps
    }
    if let metric = try container.decodeIfPresent(CalibrationPlan.Metric.self, forKey: .metric) {
      calibration.metric = metric
    }
    if let mix = try container.decodeIfPresent(Double.self, forKey: .mix) { calibration.mix = mix }
    mode = .calibrated(calibration)
  }
}
