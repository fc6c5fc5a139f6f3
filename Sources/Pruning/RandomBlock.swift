import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// The hidden filters of one block, |u| and V apart, ordered by |u| (then by filter).
struct RandomBlock {
  /// Filter index q of each row.
  let filters: [UInt32]
  /// |u|.
  let scales: [Float]
  /// V, a slice a row: height · width · output channels.
  let vectors: Matrix<Float>

  /// Normals made between two questions whether to go on.
  private static let piece = 1 << 16

  /// Cost: 2N normals and a slice of them for each filter of the half.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ address: BlockAddress, in network: RandomNetwork, _ control: RunControl) throws {
    let layer = network.layers[address.layer - 1]
    let scalars = network.scalars(layer: address.layer, channel: address.channel)
    // |u| is finite and not negative, so its bits are in its order.
    var keys: [UInt64] = []
    for (filter, u) in scalars.enumerated() where address.half.contains(u) {
      keys.append(UInt64(abs(u).bitPattern) << 32 | UInt64(filter))
    }
    try control.sort(&keys)
    let filters = keys.map { UInt32(truncatingIfNeeded: $0) }
    let stream = WeightAddress.slice(
      seed: network.seed, block: address.layer, channel: address.channel, filter: 0)
    let columns = layer.sliceCount
    var interruption: Interruption?
    vectors = try Matrix<Float>(rows: filters.count, columns: columns) { values in
      filters.withUnsafeBufferPointer { filters in
        let rows = max(1, Self.piece / max(1, columns))
        for start in stride(from: 0, to: filters.count, by: rows) where interruption == nil {
          let end = min(filters.count, start + rows)
          NormalStream.fillRows(
            UnsafeMutableBufferPointer(rebasing: values[start * columns..<end * columns]), leadingDimension: columns,
            columns: columns, filters: UnsafeBufferPointer(rebasing: filters[start..<end]), at: stream)
          interruption = control.interruption().map(Interruption.init)
        }
      }
    }
    if let interruption { throw interruption }
    scales = keys.map { Float(bitPattern: UInt32($0 >> 32)) }
    self.filters = filters
  }
}
