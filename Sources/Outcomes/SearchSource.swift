import Convolution
import ModelFiles
import Pruning
import Tickets

/// What a search is made from, but for its width.
package struct SearchSource: Sendable {
  package let target: Target
  /// The plan, but for a damping that nobody chose.
  private let plan: SearchPlan
  /// Whether the damping is the one that suits the width.
  private let dampsByWidth: Bool
  /// Whether nobody said how often blocks are chosen again.
  private let choosesSweeps: Bool
  package let seed: UInt64
  package let inputRange: InputRange
  /// Whether the box is that of the images, since none was named.
  package let isRangeFromData: Bool
  /// Images to calibrate on.
  package let images: ImageSet?
  /// Images to measure on.
  package let data: ImageSet?

  /// What a search is made from.
  ///
  /// - Parameters:
  ///   - model: the trained network.
  ///   - choice: how it is searched for.
  ///   - seed: that of the random network.
  ///   - range: the box that inputs come from; nil for what the images hold, [-1, 1] without any.
  ///   - calibration: images to calibrate on, in the order of their array.
  ///   - data: images to measure on, in the order of their array.
  ///   - workLimit: units of work for all blocks together.
  /// - Throws: `OptionError` for choices that do not go together and for a range that does not hold
  ///   the images; `TicketError` for a network that cannot be a target.
  package init(
    _ model: ONNXModel, _ choice: SearchChoice, seed: UInt64, range given: InputRange?, calibration: ImageSet?,
    data: ImageSet?, workLimit: UInt64?
  ) throws {
    plan = try choice.plan(workLimit: workLimit)
    images = try calibration.map { try model.arranged($0) }
    self.data = try data.map { try model.arranged($0) }
    let sets = [self.data, images].compactMap { $0 }
    inputRange = given ?? InputRange(holding: sets) ?? .unit
    for set in sets { try inputRange.requireHolds(set, "leave the option out, or name a larger one") }
    target = try Target(model.network)
    dampsByWidth = choice.damping == nil
    choosesSweeps = choice.sweeps == nil
    isRangeFromData = given == nil && !sets.isEmpty
    self.seed = seed
  }

  /// How filters are searched for at a width.
  package func plan(width: Int) -> SearchPlan {
    guard dampsByWidth, case .calibrated(var calibration) = plan.mode else { return plan }
    calibration.damping = CalibrationPlan.damping(forWidth: width)
    var plan = plan
    plan.mode = .calibrated(calibration)
    return plan
  }

  /// How they are searched for where a file's size is given.
  package func codingPlan(width: Int) -> SearchPlan {
    guard case .calibrated(var calibration) = plan.mode else { return plan }
    if dampsByWidth { calibration.damping = RateSearch.defaultDamping }
    if choosesSweeps { calibration.sweeps = RateSearch.defaultSweeps }
    var plan = plan
    plan.mode = .calibrated(calibration)
    return plan
  }

  package func search(width: Int) throws(TicketError) -> TicketSearch {
    try TicketSearch(
      target, plan: plan(width: width), seed: seed, width: width, inputRange: inputRange, images: images)
  }
}

extension InputRange {
  /// The box of all entries of images; nil for none, or where all are one number.
  package init?(holding sets: [ImageSet]) {
    var (low, high) = (Float.infinity, -Float.infinity)
    for value in sets.lazy.flatMap(\.images.values) { (low, high) = (min(low, value), max(high, value)) }
    guard low < high, let range = try? InputRange(low: Double(low), high: Double(high)) else { return nil }
    self = range
  }

  /// - Throws: `OptionError` that names `--input-range` where an entry lies outside the box.
  package func requireHolds(_ set: ImageSet, _ advice: String) throws {
    guard let wrong = set.images.values.firstIndex(where: { !(Double($0) >= low && Double($0) <= high) }) else {
      return
    }
    let all = InputRange(holding: [set]) ?? self
    throw OptionError(
      option: "--input-range", expected: "a box that holds the images: \(advice)",
      found: "[\(low), \(high)], and \(set.images.values[wrong]) in \(set.name), whose entries are in "
        + "[\(all.low), \(all.high)]")
  }
}
