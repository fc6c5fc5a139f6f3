import RunControl
import Tickets

/// A search's work limit, shared out over the blocks in proportion to their candidates' entries
/// before anything runs.
struct WorkShares {
  private let limit: UInt64?
  private let total: Double
  private let setting: SearchSetting

  init(_ setting: SearchSetting) {
    self.setting = setting
    limit = setting.plan.workLimit
    total = setting.addresses.reduce(0.0) { $0 + Double(Self.cost($1, setting)) }
  }

  /// Entries of a block's candidates, what its search costs grow with.
  private static func cost(_ address: BlockAddress, _ setting: SearchSetting) -> Int {
    setting.network.width * setting.layer(address).sliceCount
  }

  func cost(_ address: BlockAddress) -> Int { Self.cost(address, setting) }

  /// Units of work for one block; nil for its solver's own limit.
  subscript(address: BlockAddress) -> UInt64? {
    limit.map {
      // A share of the largest limits may round up to 2^64.
      UInt64(exactly: (Double($0) * (Double(cost(address)) / total)).rounded(.down)) ?? .max
    }
  }

  /// What the search of one block may use. What it finds does not depend on the time there is,
  /// unless the time limit strikes.
  static func part(of control: RunControl, work: UInt64?) -> RunControl {
    control.withWork(work).silenced().withoutTimePlan()
  }
}
