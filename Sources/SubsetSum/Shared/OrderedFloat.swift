/// Float32 numbers by keys whose order is theirs, so that choosing among them ends for any numbers:
/// −∞ below all others, NaN above them or below.
package enum OrderedFloat {
  /// The key of a number.
  @inline(__always) package static func key(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits >> 31 == 1 ? ~bits : bits | 1 << 31
  }

  /// The number of a key.
  @inline(__always) package static func value(_ key: UInt32) -> Float {
    Float(bitPattern: key >> 31 == 1 ? key & ~(1 << 31) : ~key)
  }

  /// The key that `rank` others come before, by halving around medians of three (Hoare, Find).
  ///
  /// - Parameter keys: more than `rank`; left in another order.
  /// - Complexity: O(n) on average.
  package static func select(_ rank: Int, from keys: inout [UInt32]) -> UInt32 {
    keys.withUnsafeMutableBufferPointer { keys in
      var (low, high) = (0, keys.count - 1)
      while low < high {
        let (first, middle, last) = (keys[low], keys[(low + high) / 2], keys[high])
        let pivot = max(min(first, middle), min(max(first, middle), last))
        var (left, right) = (low, high)
        while left <= right {
          while keys[left] < pivot { left += 1 }
          while keys[right] > pivot { right -= 1 }
          if left <= right {
            keys.swapAt(left, right)
            (left, right) = (left + 1, right - 1)
          }
        }
        if rank <= right { high = right } else if rank >= left { low = left } else { break }
      }
      return keys[rank]
    }
  }
}
