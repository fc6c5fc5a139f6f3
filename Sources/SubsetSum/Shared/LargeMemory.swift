#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import LinearAlgebra
import RunControl

/// Memory of the system, on huge pages where it is large and the system has them.
package struct MemoryBlock: @unchecked Sendable {
  package let start: UnsafeMutableRawPointer
  package let bytes: Int

  static let hugePage = 1 << 21

  /// - Throws: `SubsetSumError.memoryLimit` where the machine has less memory, or refuses it.
  init(bytes: Int) throws(SubsetSumError) {
    let alignment = bytes >= 2 * Self.hugePage ? Self.hugePage : 64
    let available = MachineMemory.bytes
    guard bytes <= available, bytes <= .max - alignment else {
      throw Self.missing(bytes, available)
    }
    let size = (max(1, bytes) + alignment - 1) / alignment * alignment
    guard let memory = aligned_alloc(alignment, size) else { throw Self.missing(size, available) }
    #if os(Linux)
      if alignment == Self.hugePage { madvise(memory, size, Int32(MADV_HUGEPAGE)) }
    #endif
    self.init(start: memory, bytes: size)
  }

  init(start: UnsafeMutableRawPointer, bytes: Int) { (self.start, self.bytes) = (start, bytes) }

  /// Gives the memory back to the system. Once, and not for a part of a larger block.
  func release() { free(start) }

  private static func missing(_ needed: Int, _ available: Int) -> SubsetSumError {
    .memoryLimit(solver: "search tables", neededBytes: needed, limitBytes: available)
  }
}

/// Memory for the large buffers of one search after another. The system clears what it hands out,
/// which takes longer than most of what is done with it, so that buffers get parts of one block,
/// from its beginning, as far as they fit in, and leave them to the next ones. Of the block only as
/// much is taken from the machine as has been used.
package final class LargeMemory: @unchecked Sendable {
  private let whole: MemoryBlock?
  /// What is free of the block, in order, in bytes from its start. No range touches the next.
  private let free: Guarded<[Range<Int>]>

  /// - Parameter bytes: the most that buffers share. What does not fit in is the system's.
  package init(bytes: Int) {
    whole = try? MemoryBlock(bytes: bytes)
    free = Guarded(whole.map { [0..<$0.bytes] } ?? [])
  }

  deinit { whole?.release() }

  /// - Throws: `SubsetSumError.memoryLimit` where the machine has less memory, or refuses it.
  package func block(_ bytes: Int) throws(SubsetSumError) -> MemoryBlock {
    let unit = bytes >= 2 * MemoryBlock.hugePage ? MemoryBlock.hugePage : 64
    let found: MemoryBlock? = whole.flatMap { whole in
      free.withLock { free in
        for (k, range) in free.enumerated() {
          let start = (range.lowerBound + unit - 1) / unit * unit
          guard start <= range.upperBound, range.upperBound - start >= max(1, bytes) else { continue }
          let end = min(range.upperBound, start + (max(1, bytes) + unit - 1) / unit * unit)
          free.replaceSubrange(k...k, with: [range.lowerBound..<start, end..<range.upperBound].filter { !$0.isEmpty })
          return MemoryBlock(start: whole.start + start, bytes: end - start)
        }
        return nil
      }
    }
    if let found { return found }
    return try MemoryBlock(bytes: bytes)
  }

  package func release(_ block: MemoryBlock) {
    guard let whole, case let start = block.start - whole.start, (0..<whole.bytes).contains(start) else {
      return block.release()
    }
    free.withLock { free in
      var range = start..<start + block.bytes
      let next = free.firstIndex { $0.lowerBound >= range.upperBound } ?? free.count
      var replaced = next..<next
      if next < free.count, free[next].lowerBound == range.upperBound {
        (range, replaced) = (range.lowerBound..<free[next].upperBound, replaced.lowerBound..<next + 1)
      }
      if next > 0, free[next - 1].upperBound == range.lowerBound {
        (range, replaced) = (free[next - 1].lowerBound..<range.upperBound, next - 1..<replaced.upperBound)
      }
      free.replaceSubrange(replaced, with: [range])
    }
  }
}
