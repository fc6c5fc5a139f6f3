import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// Sets a ticket beside its target, and beside the target plainly quantised and coded in the
/// ticket's bits: what each network holds, costs and loses.
///
/// As for `Measurement`, ticket, target and data are all it knows.
public struct Comparison: Sendable {
  /// A network of the comparison.
  public enum Contestant: Sendable, Hashable {
    /// The trained network in Float32.
    case target
    /// The target with weights of so many bits (see `Quantisation`), biases and calculations in
    /// Float32.
    case quantised(bits: Int)
    /// The random network behind its blocked mask with every hidden filter, scaled and biased as
    /// the ticket says.
    case unpruned
    /// The ticket, run as a network of its kept filters.
    case pruned
    /// The target's architecture over the kernels that the kept filters sum to.
    case collapsed
    /// The target coded in the bits that the ticket takes (see `CodedTarget`).
    case coded
  }

  /// One network's figures.
  public struct Row: Sendable, Hashable {
    /// Which network it is.
    public let contestant: Contestant
    /// Parameters and multiply-adds. Entries that the blocked mask hides are not counted.
    public let cost: NetworkCost
    /// Bits from which the network can be made again, per weight of the target, whatever the file
    /// format; biases, the same for all, at 32 bits each:
    /// - target: 32 a weight;
    /// - quantised to b bits: b a weight, and 32 for each output channel's scale;
    /// - unpruned: 64 for the seed, and 32 for each layer's scale;
    /// - pruned: the ticket's `bits`, its choice of filters above all;
    /// - collapsed: the same, as the ticket is what it is made from. Written out it would be 32 a
    ///   weight again;
    /// - coded: its bytes, biases among them, at most the ticket's `bits` and `countBits`.
    public let bitsPerWeight: Double
    /// The same for a quantised network whose codes are stored by each layer's empirical entropy,
    /// tables not counted; nil for others.
    public let entropyBitsPerWeight: Double?
    /// What saying how many filters each block keeps adds to `bitsPerWeight` of what is made from a
    /// ticket (`Ticket.countBits`); nil for others.
    public let countBitsPerWeight: Double?
    /// max |weight − target's weight| in the target's units, in Float64. Of random, pruned and
    /// collapsed networks these are the kernels that their filters sum to exactly.
    public let maxWeightError: Double
    /// Fraction of the images that are put into their labelled class, as `Classification` counts;
    /// nil without labelled data. The unpruned network's is that of its exact collapse.
    public let accuracy: Double?
    /// Time for one image on one thread, convolutions computed as `convolution` says; nil where
    /// `latencyReason` says why.
    public let latency: Latency?
    /// Why the network was not timed, or nil.
    public let latencyReason: String?
  }

  private let measurement: Measurement
  /// The unpruned network is made and timed if that takes at most so many bytes.
  public let memoryBytes: Int

  /// Bits that the target is quantised to.
  static let quantisedBits = [8, 6, 4]
  /// The default of `memoryBytes`, 2 GiB.
  public static let defaultMemoryBytes = 2 << 30

  /// - Throws: `TicketError.targetMismatch` as `Measurement`: the ticket was not drawn for this
  ///   target.
  public init(
    ticket: Ticket, target: Target, memoryBytes: Int = Comparison.defaultMemoryBytes,
    workers: Int = Workers.availableCores, convolution: ConvolutionWay = .automatic
  ) throws {
    measurement = try Measurement(
      ticket: ticket, target: target, workers: workers, convolution: convolution)
    self.memoryBytes = memoryBytes
  }

  /// The ticket that is compared.
  public var ticket: Ticket { measurement.ticket }
  /// What it was drawn for.
  public var target: Target { measurement.target }
  /// Tasks at a time, for all but latencies.
  public var workers: Int { measurement.workers }
  /// How convolutions are computed; latencies alone depend on it.
  public var convolution: ConvolutionWay { measurement.convolution }

  /// The figures: target, quantised targets, unpruned, pruned and collapsed network, and the target
  /// coded in the ticket's bits, in this order.
  ///
  /// - Parameters:
  ///   - data: images of the target's input shape, within the ticket's input range; nil for rows
  ///     without accuracies.
  ///   - latencySeconds: about how long measuring latencies may take.
  ///   - control: asked between networks and chunks of images.
  /// - Throws: `TicketError` for a ticket that contradicts its random network or images outside its
  ///   input range; `ConvolutionError` for images of another shape; `InterruptedError`.
  /// - Complexity: each weight of the unpruned network once, or twice where it is timed, and eight
  ///   networks over the images.
  public func rows(
    on data: ImageSet?, latencySeconds: Double = 10, control: RunControl = RunControl()
  ) throws -> [Row] {
    if let data { try Measurement.requireUsable(data, by: target.network, in: ticket.inputRange) }
    let contestants = try contestants(control)
    let image = try data.flatMap { $0.images.batch > 0 ? $0.images.images(0..<1) : nil } ?? sampleImage()
    let latencies = try latencies(of: contestants, on: image, seconds: latencySeconds, control)
    return try zip(contestants, latencies).map { entry, latency in
      let accuracy = try data.flatMap { try self.accuracy(of: entry, on: $0, control) }
      return Row(
        contestant: entry.contestant, cost: entry.cost,
        bitsPerWeight: entry.storageBits / Double(ticket.graph.weightCount),
        entropyBitsPerWeight: entry.entropyBits.map { $0 / Double(ticket.graph.weightCount) },
        countBitsPerWeight: entry.countBits.map { $0 / Double(ticket.graph.weightCount) },
        maxWeightError: entry.maxWeightError, accuracy: accuracy, latency: latency.value, latencyReason: latency.reason)
    }
  }

  /// A network with what is known of it before it runs.
  private struct Entry {
    let contestant: Contestant
    /// What classifies images; timed too, but for the unpruned network, of which this is the
    /// collapse.
    let network: Network<Float>
    let cost: NetworkCost
    let storageBits: Double
    var entropyBits: Double?
    var countBits: Double?
    let maxWeightError: Double
  }

  private func contestants(_ control: RunControl) throws -> [Entry] {
    let weights = Double(ticket.graph.weightCount)
    let biasBits = 32 * Double(ticket.biasesTaken + ticket.mapScalarsTaken)
    var entries = [
      Entry(
        contestant: .target, network: target.network, cost: try target.network.cost(),
        storageBits: 32 * weights + biasBits, maxWeightError: 0)
    ]
    for bits in Self.quantisedBits {
      let quantised = try Quantisation(of: target.network, bits: bits, workers: workers)
      entries.append(
        Entry(
          contestant: .quantised(bits: bits), network: quantised.network,
          cost: try quantised.network.cost(), storageBits: quantised.storageBits + biasBits,
          entropyBits: quantised.entropyBits + biasBits, maxWeightError: quantised.maxWeightError))
    }
    let unpruned = try measurement.unprunedLayers(control: control)
    entries.append(
      Entry(
        contestant: .unpruned, network: try ticket.graph.network(of: unpruned, biases: ticket.biases),
        cost: try ticket.unprunedCost(), storageBits: 64 + 32 * Double(ticket.scalarsTaken),
        maxWeightError: error(of: unpruned)))
    let collapse = measurement.collapse
    let error = error(of: collapse.layers)
    for (contestant, network) in [
      (.pruned, try ticket.prunedNetwork(workers: workers)), (.collapsed, try collapse.network()),
    ] as [(Contestant, Network<Float>)] {
      entries.append(
        Entry(
          contestant: contestant, network: network, cost: try network.cost(), storageBits: ticket.bits,
          countBits: ticket.countBits, maxWeightError: error))
    }
    entries.append(try coded())
    return entries
  }

  /// The target in the bits that the ticket takes; factors and shifts of its maps cost both the
  /// same.
  private func coded() throws -> Entry {
    let mapBits = 32 * Double(ticket.mapScalarsTaken)
    let coded = try CodedTarget(target, maximumBytes: Int((ticket.bits + ticket.countBits - mapBits) / 8))
    return Entry(
      contestant: .coded, network: coded.network, cost: try coded.network.cost(),
      storageBits: 8 * Double(coded.bytes.count) + mapBits, maxWeightError: coded.maxWeightError)
  }

  /// The largest |positive − K| and |negative + K| of all layers.
  private func error(of layers: [CollapsedLayer]) -> Double {
    zip(layers, target.kernels).reduce(0) { max($0, $1.0.error(from: $1.1)) }
  }

  private func accuracy(
    of entry: Entry, on data: ImageSet, _ control: RunControl
  ) throws -> Double? {
    if data.labels == nil || data.images.batch == 0 { return nil }
    let classification = try Classification(
      of: entry.network, named: "\(entry.contestant)", on: data, workers: workers, control: control,
      convolution: measurement.convolution)
    return Double(classification.correct) / Double(data.images.batch)
  }

  /// Latencies of all contestants, or why there is none.
  private func latencies(
    of entries: [Entry], on image: Tensor<Float>, seconds: Double, _ control: RunControl
  ) throws -> [(value: Latency?, reason: String?)] {
    let bytes = try ticket.unprunedBytes()
    var reason: String?
    if bytes > memoryBytes {
      reason = "making and running it takes about \(bytes) bytes, the limit is \(memoryBytes)"
    }
    let timed = entries.indices.filter { reason == nil || entries[$0].contestant != .unpruned }
    let networks = try timed.map { index in
      let entry = entries[index]
      let network = try entry.contestant == .unpruned ? ticket.unprunedNetwork(workers: workers) : entry.network
      return try network.packed(measurement.convolution)
    }
    let measured = try Latency.measure(networks, on: image, seconds: seconds, control: control)
    let values = Dictionary(uniqueKeysWithValues: zip(timed, measured))
    return entries.indices.map { (values[$0], values[$0] == nil ? reason : nil) }
  }

  /// An image of the input box for a comparison without data: a hundred and one levels in an uneven
  /// order.
  private func sampleImage() throws -> Tensor<Float> {
    let (low, high) = (ticket.inputRange.low, ticket.inputRange.high)
    let values = (0..<target.network.inputShape.count).map { index in
      Float(low + (high - low) * Double((index * 37) % 101) / 100)
    }
    return try Tensor(batch: 1, shape: target.network.inputShape, values: values)
  }
}

extension Comparison.Contestant: CustomStringConvertible {
  /// The network's name in tables: "target", "target, 8 bits", "random, all filters", "pruned",
  /// "collapsed", "target, coded".
  public var description: String {
    switch self {
    case .target: "target"
    case .quantised(let bits): "target, \(bits) bits"
    case .unpruned: "random, all filters"
    case .pruned: "pruned"
    case .collapsed: "collapsed"
    case .coded: "target, coded"
    }
  }
}
