import SubsetSum
import SubsetSumKernels
import Testing

/// The kernels of k-lists against plain loops, and the memory that lists share.
@Suite struct ListKernelTests {
  private static let outside = UInt64.max

  /// From 0 to below 1.
  private func part(_ draw: inout TestNumbers) -> Double { (draw.unit() + 1) / 2 }

  private func numbers(_ count: Int, _ state: UInt64) -> [Double] {
    var numbers = TestNumbers(state: state)
    return (0..<count).map { _ in 2 * numbers.unit() }
  }

  /// Cells by their definition, also for NaN, infinities and values on a cell's edge.
  @Test(arguments: [1, 3, 9], [0, 1, 255, 256, 257, 1000]) func cellKeys(m: Int, count: Int) {
    var rows = numbers(count * m, 1)
    for k in rows.indices {
      if k % 17 == 0 { rows[k] = [.nan, .infinity, -.infinity, 0.5, -0.5, 0, -0.0][k / 17 % 7] }
    }
    let singles = rows.map { Float($0) }
    let axes = (0..<min(2, m)).map {
      tombola_cell_axis(coordinate: m - 1 - $0, inverse: 2 + Double($0), shift: 3.25, cells: Double(6 + $0))
    }
    for sign in [1.0, -1.0] {
      func expected(_ entry: (Int) -> Double) -> [UInt64] {
        (0..<count).map { row in
          var key: UInt64 = 0
          for axis in axes {
            let place = entry(row * m + axis.coordinate) * (sign * axis.inverse) + axis.shift
            guard place >= 0, place < axis.cells else { return Self.outside }
            key = key * UInt64(axis.cells) + UInt64(place)
          }
          return key
        }
      }
      var keys = [UInt64](repeating: 7, count: count)
      tombola_cell_keys_f64(rows, count, m, axes, axes.count, sign, &keys)
      #expect(keys == expected { rows[$0] })
      tombola_cell_keys_f32(singles, count, m, axes, axes.count, sign, &keys)
      #expect(keys == expected { Double(singles[$0]) })
    }
  }

  @Test(arguments: [1, 2, 8, 9, 10, 11, 30]) func sumsOfPairs(m: Int) {
    let (left, right) = (numbers(50 * m, 2), numbers(40 * m, 3))
    var draw = TestNumbers(state: 4)
    let pairs = (0..<101).map { _ in
      tombola_pair(left: UInt32(part(&draw) * 50), right: UInt32(part(&draw) * 40))
    }
    var sums = [Double](repeating: .nan, count: pairs.count * m)
    tombola_add_pairs_f64(left, right, m, pairs, pairs.count, &sums)
    var singles = [Float](repeating: .nan, count: pairs.count * m)
    tombola_add_pairs_f32(left.map { Float($0) }, right.map { Float($0) }, m, pairs, pairs.count, &singles)
    for (k, pair) in pairs.enumerated() {
      for j in 0..<m {
        let (a, b) = (left[Int(pair.left) * m + j], right[Int(pair.right) * m + j])
        #expect(sums[k * m + j] == a + b)
        #expect(singles[k * m + j] == Float(a) + Float(b))
      }
    }
  }

  /// All pairs of equal keys, by the first and then the second, in whatever pieces they are asked
  /// for and whoever filled the table.
  @Test(arguments: [1, 2, 5], [1, 3, 1000]) func lookups(fillers: Int, room: Int) {
    var draw = TestNumbers(state: 5)
    func some(_ count: Int) -> [UInt64] {
      (0..<count).map { _ in part(&draw) < 0.1 ? Self.outside : UInt64(part(&draw) * 60) }
    }
    let (keys, others) = (some(203), some(170))
    let (shift, buckets) = (57, 128)
    var starts = [UInt32](repeating: 0, count: buckets + 2)
    var entries = [tombola_cell_entry](repeating: tombola_cell_entry(tag: 0, sum: 0), count: others.count)
    starts.withUnsafeMutableBufferPointer { starts in
      let ranges = (0..<fillers).map { (buckets * $0 / fillers, buckets * ($0 + 1) / fillers) }
      for (first, end) in ranges {
        tombola_count_cells(others, others.count, shift, first, end, starts.baseAddress! + 2)
      }
      for k in 1..<starts.count { starts[k] += starts[k - 1] }
      for (first, end) in ranges {
        others.withUnsafeBufferPointer { others in
          // In two pieces, of which the second's first key has a number of its own.
          for (from, to) in [(0, 71), (71, others.count)] {
            tombola_place_cells(
              others.baseAddress! + from, to - from, shift, first, end, starts.baseAddress! + 1, from, &entries)
          }
        }
      }
    }
    let expected = keys.indices.flatMap { a in
      others.indices.filter { keys[a] != Self.outside && others[$0] == keys[a] }.map { [a, $0] }
    }
    var found: [[Int]] = []
    var place = tombola_lookup_place(key: 0, skipped: 0)
    var pairs = [tombola_pair](repeating: tombola_pair(left: 0, right: 0), count: room)
    while place.key < keys.count {
      let met = tombola_look_up(keys, &place, keys.count, starts, entries, shift, &pairs, room)
      found += pairs.prefix(met).map { [Int($0.left), Int($0.right)] }
    }
    #expect(found == expected)
  }

  /// Blocks that are in use never overlap, and once all have been released one of full size fits.
  @Test func sharedMemory() throws {
    let whole = 1 << 24
    let memory = LargeMemory(bytes: whole)
    let origin = try memory.block(1)
    memory.release(origin)
    var draw = TestNumbers(state: 6)
    var used: [MemoryBlock] = []
    for _ in 0..<2000 {
      if part(&draw) < 0.55 {
        let bytes = Int(part(&draw) * part(&draw) * Double(whole / 4))
        let block = try memory.block(bytes)
        #expect(block.bytes >= bytes)
        for other in used {
          #expect(block.start + block.bytes <= other.start || other.start + other.bytes <= block.start)
        }
        used.append(block)
      } else if !used.isEmpty {
        memory.release(used.remove(at: Int(part(&draw) * Double(used.count))))
      }
    }
    for block in used { memory.release(block) }
    let all = try memory.block(whole)
    #expect(all.start == origin.start)
    memory.release(all)
    // What does not fit in is memory of its own.
    let large = try memory.block(4 * whole)
    large.start.storeBytes(of: 1, toByteOffset: 4 * whole - 1, as: UInt8.self)
    memory.release(large)
  }
}
