import LinearAlgebra
import RandomStreams
import Tickets

/// The hidden filters of one block, |u| and V apart, ordered by |u| (then by filter).
struct RandomBlock {
  /// Filter index q of each row.
  let filters: [UInt32]
  /// |u|.
  let scales: [Float]
  /// V, a slice a row: height · width · output channels.
  let vectors: Matrix<Float>

  /// Cost: 2N normals and a slice of them for each filter of the half.
  init(_ address: BlockAddress, in network: RandomNetwork) throws {
    let layer = network.layers[address.layer - 1]
    let scalars = network.scalars(layer: address.layer, channel: address.channel)
    var filters = scalars.indices.filter { address.half.contains(scalars[$0]) }.map { UInt32($0) }
    filters.sort { (abs(scalars[Int($0)]), $0) < (abs(scalars[Int($1)]), $1) }
    let stream = WeightAddress.slice(
      seed: network.seed, block: address.layer, channel: address.channel, filter: 0)
    vectors = try Matrix<Float>(rows: filters.count, columns: layer.sliceCount) { values in
      filters.withUnsafeBufferPointer {
        NormalStream.fillRows(
          values, leadingDimension: layer.sliceCount, columns: layer.sliceCount, filters: $0, at: stream)
      }
    }
    scales = filters.map { abs(scalars[Int($0)]) }
    self.filters = filters
  }
}
