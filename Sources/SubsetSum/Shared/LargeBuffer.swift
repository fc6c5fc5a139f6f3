import RunControl

/// Memory for entries of a trivial type that are read at random. It lies on huge pages where the
/// system has them, which halves the time of such reads.
final class LargeBuffer<Element> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private let block: MemoryBlock
  /// Where the memory goes when the buffer is no longer used; nil for the system.
  private let memory: LargeMemory?

  /// - Parameter memory: where memory that is no longer used is taken from, if there is any.
  /// - Precondition: entries of a trivial type.
  /// - Throws: `SubsetSumError.memoryLimit` where the machine has less memory, or refuses it.
  init(count: Int, memory: LargeMemory? = nil) throws(SubsetSumError) {
    precondition(_isPOD(Element.self), "a large buffer holds trivial entries")
    self.count = count
    self.memory = memory
    let bytes = count < 0 ? .max : ByteCount.product(count, MemoryLayout<Element>.stride)
    if let memory { block = try memory.block(bytes) } else { block = try MemoryBlock(bytes: bytes) }
    base = block.start.bindMemory(to: Element.self, capacity: max(1, count))
  }

  deinit {
    if let memory { memory.release(block) } else { block.release() }
  }

  @inline(__always) subscript(index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }
}
