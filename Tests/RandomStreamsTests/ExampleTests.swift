import RandomStreams
import Testing

/// The examples of doc comments, compiled and run; `HouseTests` compares their text.
@Suite struct ExampleTests {
  @Test func scalarsOfAChannel() throws {
    // example
    let address = WeightAddress.scalars(seed: 7, block: 1, channel: 0)
    var scalars = [Float](repeating: 0, count: 10)
    scalars.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
    let last = NormalStream.value(at: address, entry: 9)  // Float(last) is scalars[9]
    // end
    #expect(Float(last) == scalars[9] && scalars[0] != scalars[9])
  }

  @Test func aSlice() throws {
    // example
    let address = WeightAddress.slice(seed: 7, block: 1, channel: 0, filter: 3)
    var slice = [Float](repeating: 0, count: 3 * 3 * 8)
    slice.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
    let entry = slice[(1 * 3 + 2) * 8 + 5]  // row 1, column 2, output 5
    // end
    #expect(entry == Float(NormalStream.value(at: address, entry: 45)))
  }
}
