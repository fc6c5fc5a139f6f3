import RandomStreams
import Testing
import Tickets

/// Vectors as kept filters: what a file says, and what it does not.
@Suite struct VectorCodeTests {
  private static func sample() throws -> VectorCode {
    let network = try VectorCode.network(seed: .max, width: 200, dimension: 5, vectors: 3)
    let kept = (0..<3).map { channel in
      let scalars = network.scalars(layer: 1, channel: channel)
      return scalars.indices.filter { scalars[$0] > 0 && $0 % (5 + channel) == 0 }.map { UInt32($0) }
    }
    return VectorCode(seed: .max, width: 200, dimension: 5, exponent: -3, kept: kept)
  }

  @Test func filesComeBackAndVectorsAreSumsOfSlices() throws {
    let code = try Self.sample()
    #expect(try VectorCode(decoding: code.encoded()) == code)
    for (vector, values) in try code.vectors().enumerated() {
      var sums = [Double](repeating: 0, count: 5)
      for filter in code.kept[vector] {
        let u = NormalStream.value(at: WeightAddress.scalars(seed: .max, block: 1, channel: vector), entry: Int(filter))
        let slice = WeightAddress.slice(seed: .max, block: 1, channel: vector, filter: Int(filter))
        for k in 0..<5 { sums[k] += Double(Float(u)) * Double(Float(NormalStream.value(at: slice, entry: k))) / 8 }
      }
      for (sum, value) in zip(sums, values) { #expect(abs(sum - value) <= 1e-13 * max(1, abs(sum))) }
    }
  }

  /// Each byte changed and each length cut: an error of a ticket, or a code, never a trap.
  @Test func damageIsAnErrorOrAnotherCode() throws {
    let bytes = try Self.sample().encoded()
    for index in bytes.indices {
      for mask in [UInt8(1), 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        // Widths that would take long to read are left out.
        if (3...5).contains(index), mask != 1 { continue }
        do { _ = try VectorCode(decoding: damaged).kept } catch { continue }
      }
      do { _ = try VectorCode(decoding: Array(bytes[..<index])).kept } catch { continue }
    }
    #expect(throws: TicketError.self) { try VectorCode(decoding: bytes + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) }
    #expect(throws: TicketError.self) { try VectorCode(decoding: []) }
  }

  /// A few bytes that speak of more than a file may hold are refused before anything is made.
  @Test func hugeSizesAreRefused() {
    func file(_ sizes: UInt64...) -> [UInt8] {
      func bytes(_ size: UInt64) -> [UInt8] {
        size < 128 ? [UInt8(size)] : [UInt8(size & 127) | 128] + bytes(size >> 7)
      }
      return [2] + sizes.flatMap(bytes) + [UInt8](repeating: 0xff, count: 40)
    }
    // Dimension, vectors, width, seed, folded exponent, the first band.
    for sizes in [
      file(4, 1, 1 << 26, 1, 0, 4), file(4, 1 << 22, 1 << 10, 1, 0, 4), file(1 << 22, 1 << 10, 1, 1, 0, 4),
      file(4, 1, 10, 1, 2041, 4), file(1 << 23, 1, 10, 1, 0, 4), file(4, 1, 10, 1, 0, 0), file(4, .max, 10, 1, 0, 4),
    ] {
      #expect(throws: TicketError.self) { try VectorCode(decoding: sizes) }
    }
  }
}
