import RandomStreams
import Testing

@Suite struct WeightAddressTests {
  @Test func addressesFollowTheLayers() {
    let scalars = WeightAddress.scalars(seed: 7, block: 3, channel: 5)
    #expect(scalars == StreamAddress(seed: 7, path: StreamPath(filter: 0, channel: 5, layer: 5)))
    let slice = WeightAddress.slice(seed: 7, block: 3, channel: 5, filter: 11)
    #expect(slice == StreamAddress(seed: 7, path: StreamPath(filter: 11, channel: 5, layer: 6)))
  }

  /// Frozen weights: a change here changes every ticket ever written.
  @Test func frozenWeights() {
    let slice = WeightAddress.slice(seed: 7, block: 1, channel: 0, filter: 3)
    let scalars = WeightAddress.scalars(seed: .max, block: 4, channel: 1023)
    #expect(weights(slice) == [-2.11410403, 0.261910588, 0.925979733, 0.579369128, -1.34724259])
    #expect(weights(scalars) == [1.26086211, 0.451467931, 1.49251735, -0.842694521, -0.296594352])
  }

  private func weights(_ address: StreamAddress) -> [Float] {
    var values = [Float](repeating: 0, count: 5)
    values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
    return values
  }
}
