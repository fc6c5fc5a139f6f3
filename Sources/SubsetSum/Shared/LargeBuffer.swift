#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import RunControl

/// Memory for entries of a trivial type that are read at random. It lies on huge pages where the
/// system has them, which halves the time of such reads.
final class LargeBuffer<Element> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private static var hugePage: Int { 1 << 21 }
  private static var name: String { "search tables" }

  /// - Precondition: entries of a trivial type.
  /// - Throws: `SubsetSumError.memoryLimit` where the machine has less memory, or refuses it.
  init(count: Int) throws(SubsetSumError) {
    precondition(_isPOD(Element.self), "a large buffer holds trivial entries")
    self.count = count
    let bytes = max(1, ByteCount.product(max(0, count), MemoryLayout<Element>.stride))
    let alignment = bytes >= 2 * Self.hugePage ? Self.hugePage : 64
    let available = MachineMemory.bytes
    guard count >= 0, bytes <= available, bytes <= .max - alignment else {
      throw .memoryLimit(solver: Self.name, neededBytes: bytes, limitBytes: available)
    }
    let size = (bytes + alignment - 1) / alignment * alignment
    guard let memory = aligned_alloc(alignment, size) else {
      throw .memoryLimit(solver: Self.name, neededBytes: size, limitBytes: available)
    }
    #if os(Linux)
      if alignment == Self.hugePage { madvise(memory, size, Int32(MADV_HUGEPAGE)) }
    #endif
    base = memory.bindMemory(to: Element.self, capacity: max(1, count))
  }

  deinit { free(base) }

  @inline(__always) subscript(index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }
}
