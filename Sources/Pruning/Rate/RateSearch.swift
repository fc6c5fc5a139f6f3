import Convolution
import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Draws the ticket of least error whose whole file takes at most so many bytes.
///
/// A ticket is a code of its target's weights: the seed gives the code book for nothing, and what
/// is paid for is which filters stay. Every block is searched by `SuperpositionSearch`, which finds
/// subsets of least error for each number of bits; a price of a bit for the whole network says how
/// many each block gets, so that bits go where they lower the error most. The error is
/// Σ over layers of (squared error ÷ squares of what is wanted) · (what that does to the network's
/// outputs). Scales are chosen for the search: the first filter of a layer's largest channel should
/// have a scalar of about 1, where filters are many and most lengths are left for later ones.
///
/// In weights mode blocks are independent, each is searched once, and the bits are shared then. In
/// calibrated mode each block makes up for what those before it missed: a forecast of what blocks
/// will take says the price, and one pass follows, whose price moves as bits are used up.
///
/// ```swift
/// let search = try RateSearch(target, seed: 7, width: 1 << 15)
/// let result = try search.run(bytes: 1000) {
///   try TicketFile(ticket: $0, claims: nil).packedByteCount()
/// }
/// ```
public struct RateSearch: Sendable {
  let setting: SearchSetting
  /// Partial subsets that a search of a block keeps.
  let beam: Int
  /// Filters of each block's half, once they are counted.
  private let counts = Guarded<[BlockAddress: Int]>([:])

  /// The search's name, as commands print it.
  public static let name = "superposition"
  /// Partial subsets kept where nobody says how many.
  public static let defaultBeam = 256
  /// λ of the least squares where nobody says it, as `CalibrationPlan.damping`. Little, as a search
  /// that measures by what is still to come does well where directions differ: with 0.1, 0.03 and
  /// 0.01 tickets lose much the same.
  public static let defaultDamping = 0.03
  /// How often blocks are chosen again where nobody says it.
  public static let defaultSweeps = 0
  /// What is pruned into.
  public var target: Target { setting.target }
  /// One power of two a layer.
  public var scales: [Double] { setting.scales }

  /// A search that has not begun.
  ///
  /// - Parameters:
  ///   - target: what is pruned into.
  ///   - calibration: how errors are measured on images; nil for those of kernel entries.
  ///   - seed: the random network's.
  ///   - width: N; every input channel has 2N hidden filters.
  ///   - inputRange: the box that inputs come from; images must lie in it.
  ///   - images: with `calibration`; labels are not read.
  ///   - beam: partial subsets that a search of a block keeps.
  /// - Throws: `TicketError.invalidParameter` as `TicketSearch`, and for a beam outside
  ///   1…2¹⁶.
  public init(
    _ target: Target, calibration: CalibrationPlan? = nil, seed: UInt64, width: Int, inputRange: InputRange = .unit,
    images: ImageSet? = nil, beam: Int = RateSearch.defaultBeam
  ) throws(TicketError) {
    try SuperpositionSearch.requireUsable(beam: beam)
    let mode = calibration.map { SearchPlan.Mode.calibrated($0) } ?? .weights(.squares)
    var setting = try SearchSetting(
      target, SearchPlan(mode: mode), seed: seed, width: width, inputRange: inputRange, images: images, solver: nil)
    setting.scales = target.kernels.map { Self.scale(for: $0, width: width) }
    self.setting = setting
    self.beam = beam
  }

  /// The power of two that puts the first filters of the kernel's largest channel at |u| ≈ 1.2.
  private static func scale(for kernel: Kernel<Float>, width: Int) -> Double {
    let m = kernel.layer.sliceCount
    let largest = (0..<kernel.layer.inputChannels).reduce(0.0) { largest, channel in
      max(largest, kernel.slice(ofChannel: channel).reduce(0) { $0 + Double($1) * Double($1) })
    }
    let typical = (kernel.squares / Double(kernel.layer.inputChannels) * largest).squareRoot()
    let exponent = VectorEncoder.exponent(
      rootMeanSquare: (typical / Double(m)).squareRoot(), dimension: m, width: width)
    return Double(sign: .plus, exponent: max(-64, min(64, exponent)), significand: 1)
  }

  /// Searches, and returns the ticket; one that is stopped returns its best so far, with empty
  /// lists of blocks that it did not come to, and says so.
  ///
  /// - Parameters:
  ///   - bytes: what the ticket's file may take.
  ///   - workers: blocks or beams in work at once, one a core.
  ///   - control: limits of time and memory, progress, cancellation.
  ///   - fileBytes: the bytes of a ticket's file.
  /// - Throws: `TicketError.invalidParameter` where a file without filters takes more; what
  ///   `fileBytes` throws; `PruningError.memoryLimit`.
  /// - Complexity: m normals and 8·m·beam operations for each filter that has a chance; in
  ///   calibrated mode all again for each sweep, and where a file comes out too small or too large.
  public func run(
    bytes: Int, workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    fileBytes: (Ticket) throws -> Int
  ) throws -> SearchResult {
    try Workers.require(workers)
    let workers = try affordableWorkers(workers, control)
    let empty = try ticket(setting.addresses.map { _ in [] }, isComplete: false)
    let began = ContinuousClock.now
    let least = try fileBytes(empty)
    // A file is made some times after the search.
    let control = Self.control(control, leaving: (ContinuousClock.now - began) * 3)
    guard least <= bytes else {
      throw TicketError.invalidParameter(
        name: "bits", expected: "those of \(least) bytes or more, as a file without filters takes",
        found: "\(bytes) bytes")
    }
    var best = empty
    do {
      try BLASLibrary.withThreads(1) {
        let layerWeights = try LayerWeights(setting, control).values
        if let calibration = setting.plan.calibration, let images = setting.images {
          try PricedSearch(self, calibration, images.images, layerWeights, workers: workers, control)
            .run(bytes: bytes, besides: least, fileBytes) { best = $0 }
        } else {
          try weightsMode(bytes, least, layerWeights, workers, control, fileBytes) { best = $0 }
        }
      }
      return SearchResult(ticket: best, stop: nil)
    } catch let stop as Interruption {
      let cut = try ticket(best.blocks.map(\.kept), biases: best.biases, isComplete: false)
      return SearchResult(ticket: cut, stop: stop.reason)
    }
  }

  /// The run, to end so much earlier for files that are made after it, but with half of its time.
  static func control(_ control: RunControl, leaving time: Duration) -> RunControl {
    guard let left = control.secondsLeft else { return control }
    return control.leaving(min(time, .seconds(max(0, left / 2))))
  }

  private func weightsMode(
    _ bytes: Int, _ least: Int, _ layerWeights: [Double], _ workers: Int, _ control: RunControl,
    _ fileBytes: (Ticket) throws -> Int, found: (Ticket) -> Void
  ) throws {
    let addresses = setting.addresses
    let targets = addresses.map { address in
      let divisor = address.half == .positive ? setting.scale(address) : -setting.scale(address)
      return setting.target.kernels[address.layer - 1].slice(ofChannel: address.channel).map { Double($0) / divisor }
    }
    let weights = addresses.map { address in
      let squares = setting.target.kernels[address.layer - 1].squares
      let scale = setting.scale(address)
      return squares > 0 ? layerWeights[address.layer - 1] * scale * scale / squares : 0
    }
    let entries = targets.reduce(0) { $0 + $1.count }
    let energies = targets.map { $0.reduce(0) { $0 + $1 * $1 } }
    let bitsPerEntry = 8 * Double(bytes - least) / Double(entries)
    let expected = BitAllocation.price(energies: energies, weights: weights, entries: entries, bits: bitsPerEntry)
    let price = BitAllocation.ahead * expected
    // A target of zeros is its empty ticket.
    if price == 0 { return found(try ticket(addresses.map { _ in [] }, isComplete: true)) }
    let parts = try Workers.map(count: addresses.count, workers: workers) { index -> BitAllocation.Part in
      let (address, own) = (addresses[index], weights[index] > 0 ? price / weights[index] : .infinity)
      var sizes = [Int](repeating: 0, count: bands(sliceCount: setting.layer(address).sliceCount).count)
      let curve = try BitAllocation.Part.curve(energy: energies[index]) {
        let channel = try filters(of: address, workers: 1, control)
        sizes = channel.bands.counts(address.half)
        let bands = NetworkBands(address, of: channel, in: setting.network, control)
        return try search.curve(
          target: targets[index], bands: bands, price: own,
          greatestBits: PricedSearch.greatestBits(targets[index], price: own), control: control)
      }
      control.report(RunProgress(phase: "drawing", completed: index + 1, total: addresses.count))
      return .init(curve: curve, weight: weights[index], layer: address.layer, sizes: sizes)
    }
    let best = try BitAllocation(parts: parts, code: listCode).fitted(bytes: bytes, besides: least) { choices in
      let ticket = try ticket(choices.map { $0.names.sorted() }, isComplete: true)
      return (ticket, try fileBytes(ticket))
    }
    if let best { found(best.file) }
    try control.checkInterruption()
  }

  /// The code of the lists, before the first block.
  var listCode: BandedListCode {
    BandedListCode(setting.network, bands: setting.network.layers.map { bands(sliceCount: $0.sliceCount) })
  }

  private func bands(sliceCount: Int) -> MagnitudeBands {
    .oneFilterEach(dimension: sliceCount, filters: setting.network.width)
  }

  /// The search of a block.
  var search: SuperpositionSearch {
    var search = SuperpositionSearch()
    search.width = beam
    return search
  }

  /// The target's biases, rounded.
  var biases: [[Float]?] {
    setting.target.biases.map { $0.map { RoundedBias.rounded($0.map { Double($0) }) } }
  }

  /// The filters of a block's channel.
  func filters(of address: BlockAddress, workers: Int, _ control: RunControl) throws -> ChannelFilters {
    try ChannelFilters(
      setting.network, layer: address.layer, channel: address.channel,
      bands: bands(sliceCount: setting.layer(address).sliceCount), workers: workers, control)
  }

  /// Blocks that may be in work at once.
  ///
  /// - Throws: `PruningError.memoryLimit` where one would already need more than allowed.
  private func affordableWorkers(_ workers: Int, _ control: RunControl) throws(PruningError) -> Int {
    let allowed = control.limits.allowedBytes
    let needs = setting.graph.layers.map {
      NetworkBands.bytes(width: setting.network.width, dimension: $0.sliceCount, beam: beam)
    }
    if let (index, need) = needs.enumerated().max(by: { $0.element < $1.element }), need > allowed {
      throw .memoryLimit(neededBytes: need, allowedBytes: allowed, layer: index + 1)
    }
    return min(workers, max(1, allowed / max(1, needs.max() ?? 1)))
  }

  /// The ticket of kept lists, which names target and images by the first digits of their digests,
  /// as the bytes of the others would be bits of the budget.
  func ticket(_ kept: [[UInt32]], biases: [[Float]?]? = nil, isComplete: Bool) throws -> Ticket {
    let counts = counts.withLock { counts in
      if counts.isEmpty { counts = candidateCounts() }
      return counts
    }
    return try Ticket(
      seed: setting.network.seed, width: setting.network.width, mode: setting.plan.pruningMode,
      inputRange: setting.inputRange, graph: setting.graph, scales: setting.scales, biases: biases ?? self.biases,
      blocks: zip(setting.addresses, kept).map { Block(address: $0, candidates: counts[$0] ?? 0, kept: $1) },
      targetDigest: String(setting.target.digest.prefix(Ticket.shortDigestLength)),
      calibrationDigest: setting.calibrationDigest.map { String($0.prefix(Ticket.shortDigestLength)) },
      isComplete: isComplete)
  }

  private func candidateCounts() -> [BlockAddress: Int] {
    var counts: [BlockAddress: Int] = [:]
    for address in setting.addresses where address.half == .positive {
      let signs = FilterSigns(setting.network, layer: address.layer, channel: address.channel)
      counts[address] = signs.count(.positive)
      counts[BlockAddress(layer: address.layer, channel: address.channel, half: .negative)] = signs.count(.negative)
    }
    return counts
  }
}
